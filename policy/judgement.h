/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One verification under way: what its steps have read, and how they refuse. Internal to the library. */
#ifndef POLICY_JUDGEMENT_H
#define POLICY_JUDGEMENT_H

#include "policy/judge.h"
#include "policy/launch.h"
#include "policy/statement.h"

#define PCR_COUNT 24u

/* What a quote selects. */
#define QUOTED_PCR_BIT(pcr) | 1u << (pcr)
#define QUOTED_PCRS         (0u LAUNCH_QUOTED_PCRS(QUOTED_PCR_BIT))

struct judgement {
	const struct evidence *evidence;
	const struct policy *policy;
	const struct known_host *known;
	struct verdict *verdict;

	struct digest qualifying;          /* what the quote and the fresh answer must be for */
	const struct challenge *challenge; /* what it is made of, or NULL: a batch of guests' reports */

	/* Set by the format step: which of the structures below could be read. */
	bool has_quote, has_signature, has_ak, has_pcrs, has_tcg_log, has_launch, has_statement, has_fresh;
	struct tpm_quote quote;
	struct p256_signature signature;
	struct tpm_public ak;
	struct digest pcr[PCR_COUNT]; /* those of QUOTED_PCRS */
	struct tcg_log tcg_log;
	struct launch launch;
	struct hk_statement statement;
	struct hk_fresh fresh;

	bool through_shim; /* set by the boot path step: shim started the loader */

	/* Set by the format step from the statement, or from the launch log if that is all there is. */
	bool weak;
	uint32_t weak_first; /* under the weak binding: the launch's place among PCR 14's events, after the mark */
};

/** A refusal whose texts are printed. */
struct refusal *refuse(struct judgement *j, enum refusal_code code, const char *expected, const char *found, ...)
	__attribute__((format(printf, 4, 5)));

/** Room for a digest in hexadecimal. */
struct hex {
	char text[2 * SHA256_BYTES + 1];
};

struct hex digest_hex(struct digest digest);

/** A TPM name in hexadecimal. */
struct name_hex {
	char text[2 * TPM_NAME_BYTES + 1];
};

struct name_hex name_hex(const struct tpm_name *name);

#endif
