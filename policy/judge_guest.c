/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of a guest's verification. */
#include "policy/judge_guest.h"

#include "policy/guest_judgement.h"
#include "policy/steps.h"

/* The report is one of the structures without which there are no facts. */
static void set_guest_facts(struct guest_judgement *g)
{
	const struct report_domain *d = &g->report.tcb_info.domain;
	struct verdict *v = g->host.verdict;

	v->complete &= g->has_report;
	if (!g->has_report)
		return;
	v->guest = (struct guest_facts){
		.domain = d->domain,
		.vcpus = d->vcpus,
		.started_us = d->started_us,
		.removed_pages = d->removed_pages,
		.lazy = d->lazy != 0,
		.debug = (g->report.td_info.attributes & GUEST_DEBUG) != 0,
	};
	snprintf(v->guest.name, sizeof(v->guest.name), "%s", g->policy->name);
}

void judge_guest(const struct guest_evidence *evidence, const struct guest_challenge *challenge,
		 const struct guest_policies *policies, const struct known_host *known, struct verdict *verdict)
{
	struct guest_judgement g = {
		.host = {.evidence = &evidence->host,
			 .policy = policies->host,
			 .known = known,
			 .verdict = verdict,
			 .qualifying = guest_evidence_qualifying_data(evidence)},
		.evidence = evidence,
		.challenge = challenge,
		.policy = policies->guest,
	};

	verdict_init_guest(verdict);
	read_report(&g);
	judge_host(&g.host);
	step_guest(&g);
	set_guest_facts(&g);
}
