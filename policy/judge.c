/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of a verification. */
#include "policy/judge.h"

#include "policy/steps.h"

static void set_facts(struct judgement *j)
{
	struct verdict *v = j->verdict;

	v->ak_name = j->ak.name;
	v->complete = j->has_quote && j->quote.is_quote && j->has_signature && j->has_ak && j->has_pcrs &&
		      j->has_tcg_log && j->has_launch && j->has_statement && j->has_fresh;
	if (!v->complete)
		return;
	set_seen(j);
	v->facts = (struct verdict_facts){
		.version = j->statement.hv_version,
		.svn = j->statement.svn,
		.flags = j->fresh.flags,
		.cpus = j->statement.cpu_count,
		.pool_mib = j->fresh.pool_mib,
		.dma_units = j->statement.dma_units,
		.dma_protections = j->statement.dma_protections,
		.uptime_us = j->fresh.uptime_us,
		.refused_accesses = j->fresh.refused_memory + j->fresh.refused_msr + j->fresh.refused_io +
				    j->fresh.refused_instruction + j->fresh.refused_hypercall,
		.refused_dma = j->fresh.refused_dma,
	};
}

void judge_host(struct judgement *j)
{
	step_format(j);
	step_identity(j);
	step_freshness(j);
	step_signature(j);
	step_counters(j);
	step_pcrs(j);
	step_firmware(j);
	step_boot_path(j);
	step_hypervisor(j);
	step_config(j);
	step_key(j);
	set_facts(j);
}

void judge(const struct evidence *evidence, const struct challenge *challenge, const struct policy *policy,
	   const struct known_host *known, struct verdict *verdict)
{
	struct judgement j = {
		.evidence = evidence,
		.policy = policy,
		.known = known,
		.verdict = verdict,
		.qualifying = evidence_qualifying_data(evidence, challenge),
		.challenge = challenge,
	};

	verdict_init(verdict);
	judge_host(&j);
}
