/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A whole answer as JSON: read, or refused with a reason. judge.c judges the result. */
#include "fuzz/shared/harness.h"
#include "policy/evidence.h"

void fuzz_one(struct bytes input)
{
	static const struct known_logs known = {.count = 1}; /* its digest is all zeros */
	struct evidence evidence;
	struct parse_error error;

	if (!evidence_parse(input, &known, &evidence, &error)) {
		PROMISE(error.what[0] != '\0' && !evidence.storage);
		return;
	}
	const size_t sum = evidence.quote.len + evidence.signature.len + evidence.ak_public.len +
			   evidence.tcg_log.data.len + evidence.hv_log.data.len + evidence.statement.len +
			   evidence.fresh.len;

	PROMISE(sum <= input.len); /* the storage has as many bytes */
	evidence_free(&evidence);
}
