/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of a verification, and what they hand on: internal to the library. */
#ifndef POLICY_STEPS_H
#define POLICY_STEPS_H

#include "policy/hk.h"
#include "policy/judge.h"

#define PCR_COUNT 24u
#define PCR_BOOT  4u
#define PCR_WEAK  14u
#define PCR_IMAGE 17u /* and 18 for the config, 19 for the statement: in the order of enum launch_event */

/* PCRs 0-7, 14, 17, 18, 19: what a quote selects (docs/protocol.md). */
#define QUOTED_PCRS 0x000e40ffu

struct judgement {
	const struct evidence *evidence;
	const struct challenge *challenge;
	const struct policy *policy;
	const struct known_host *known;
	struct verdict *verdict;

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

void step_format(struct judgement *j);
void step_identity(struct judgement *j);
void step_freshness(struct judgement *j);
void step_signature(struct judgement *j);
void step_counters(struct judgement *j);
void step_pcrs(struct judgement *j);

/** A part of step 5: compares with what is remembered of the host. Needs a quote. */
void check_memory(struct judgement *j);

/** What is to be remembered. Needs a quote and a statement. */
void set_seen(struct judgement *j);

void step_firmware(struct judgement *j);
void step_boot_path(struct judgement *j);
void step_hypervisor(struct judgement *j);
void step_config(struct judgement *j);
void step_key(struct judgement *j);

/** Part of step 6: separators and their order. Needs has_tcg_log. */
void check_capping(struct judgement *j);

/** Part of step 10: which binding PCR 14 speaks of. Needs step_boot_path to have run. */
void check_binding(struct judgement *j);

/** Is 'digest' what the launch measured as its event 'which'? Needs has_pcrs, and has_tcg_log if weak. */
bool launch_measured(const struct judgement *j, enum launch_event which, struct digest digest);

/** What the launch measured, for people: the launch log's digest where it can be believed, else the PCR. */
void launch_measured_text(const struct judgement *j, enum launch_event which, char *text, size_t size);

/** Can launch_measured be asked? If not, the step is skipped and says why. */
bool launch_measurable(struct judgement *j, enum step step);

/** Event number 'count' (from 0) of those that extend PCR 14. */
bool weak_event(const struct tcg_log *log, uint32_t count, struct tcg_event *event);

/** The loader's event in PCR 4, if nothing that the policy does not know comes before it. */
bool find_loader(const struct judgement *j, struct tcg_event *event);

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

/** The first line in which two texts differ, from 1; the lines are cleaned for people. */
struct line_difference {
	unsigned int line;
	char expected[VERDICT_TEXT - 32];
	char found[VERDICT_TEXT - 32];
};

struct line_difference first_difference(struct bytes expected, struct bytes found);

#endif
