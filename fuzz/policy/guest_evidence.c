/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's evidence as JSON: read and judged, or refused with a reason. Its logs never come: none is accepted. */
#include "fuzz/shared/harness.h"
#include "policy/judge_guest.h"

static void print(const struct verdict *verdict)
{
	static FILE *nowhere;

	if (!nowhere)
		nowhere = fopen("/dev/null", "w");
	PROMISE(nowhere);
	verdict_print(verdict, nowhere, false);
	PROMISE(verdict_print_json(verdict, nowhere)); /* every text in it is clean */
}

static void judge_one(const struct guest_evidence *evidence)
{
	static const struct policy host = {.loader_count = 1, .image_count = 1, .config_count = 1};
	static const struct guest_policy guest = {
		.name = "guest", .hashes[GUEST_MRTD].count = 1, .xfam.count = 1, .max_vcpus = 1};
	static const struct guest_policies policies = {&host, &guest};
	static const struct guest_challenge challenge;
	static const struct known_host known;
	static struct verdict verdict;

	judge_guest(evidence, &challenge, &policies, &known, &verdict);
	PROMISE(verdict_on_guest(&verdict) && !verdict_accepted(&verdict) && verdict_exit_code(&verdict) >= 11);
	print(&verdict);
}

void fuzz_one(struct bytes input)
{
	struct guest_evidence evidence;
	struct parse_error error;

	if (!guest_evidence_parse(input, &evidence, &error)) {
		PROMISE(error.what[0] != '\0' && !evidence.host.storage);
		return;
	}
	const size_t sum = evidence.host.quote.len + evidence.host.signature.len + evidence.host.ak_public.len +
			   evidence.host.statement.len + evidence.host.fresh.len + evidence.report.data.len;

	PROMISE(input.len <= GUEST_EVIDENCE_MAX_BYTES && sum <= input.len); /* the storage has as many bytes */
	PROMISE(evidence.host.tcg_log.data.len == 0 && evidence.host.hv_log.data.len == 0);
	PROMISE(evidence.report.index < evidence.report.count && evidence.report.count <= MERKLE_MAX_LEAVES);
	judge_one(&evidence);
	guest_evidence_free(&evidence);
}
