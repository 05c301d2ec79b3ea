/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 6: the PCR values are those that were quoted, and the logs explain every one of them. */
#include "policy/steps.h"

#define PCR_FIRMWARE_LAST 7u
#define PCR_LOCALITY_LAST 19u

static bool check_selection(struct judgement *j)
{
	const struct tpm_quote *quote = &j->quote;

	if (quote->selections == 1 && quote->bank == TPM_ALG_SHA256 && quote->pcr_mask == QUOTED_PCRS)
		return true;
	if (quote->selections == 1 && quote->bank != TPM_ALG_SHA256)
		refuse(j, REFUSE_PCR_BANK, "SHA-256 (0x000b)", "bank 0x%04x", quote->bank);
	else
		refuse(j, REFUSE_PCR_SELECTION, "one bank, PCRs 0x0e40ff: 0 to 7, 14, 17, 18, 19",
		       "%u banks, the first with PCRs 0x%06x", quote->selections, quote->pcr_mask);
	return false;
}

static void check_digest(struct judgement *j)
{
	struct bytes values[EVIDENCE_MAX_PCRS];
	size_t count = 0;

	for (uint32_t pcr = 0; pcr < PCR_COUNT; pcr++)
		if (QUOTED_PCRS & 1u << pcr)
			values[count++] = (struct bytes){j->pcr[pcr].bytes, SHA256_BYTES};
	const struct digest digest = sha256_pieces(values, count);
	if (!bytes_equal(j->quote.pcr_digest, digest.bytes, SHA256_BYTES))
		refuse(j, REFUSE_PCR_DIGEST, "the digest that the TPM signed", "the values received give %s",
		       digest_hex(digest).text);
}

/* A replay of one PCR. */
struct replay {
	struct digest value;
	unsigned int events;
	bool too_long; /* the PCR holds what it held before this event: */
	struct tcg_event extra;
};

static struct replay replay_pcr(const struct tcg_log *log, uint32_t pcr, struct digest reset, struct digest actual)
{
	struct replay replay = {.value = reset};
	struct tcg_cursor cursor = tcg_log_events(log);
	struct tcg_event event;

	for (; tcg_log_next_of(&cursor, pcr, &event); replay.events++) {
		if (!replay.too_long && digest_equal(replay.value, actual)) {
			replay.too_long = true;
			replay.extra = event;
		}
		replay.value = pcr_extend(replay.value, event.sha256);
	}
	return replay;
}

static void check_replay(struct judgement *j, const struct tcg_log *log, const char *log_name, uint32_t pcr,
			 struct digest reset)
{
	const struct replay replay = replay_pcr(log, pcr, reset, j->pcr[pcr]);
	const struct hex found = digest_hex(j->pcr[pcr]);
	char expected[160];

	if (digest_equal(replay.value, j->pcr[pcr]))
		return;
	if (replay.events == 0) {
		refuse(j, REFUSE_PCR_NO_EVENT, digest_hex(reset).text, "PCR %u is %s; the %s has no event for it", pcr,
		       found.text, log_name);
		return;
	}
	snprintf(expected, sizeof(expected), "%s after %u events of the %s", digest_hex(replay.value).text,
		 replay.events, log_name);
	struct refusal *refusal = refuse(j, REFUSE_PCR_REPLAY, expected, "PCR %u is %s%s", pcr, found.text,
					 replay.too_long ? ": the log goes on where the PCR does not" : "");
	if (replay.too_long)
		refusal_at(refusal, log_name, &replay.extra);
}

/* PCRs that the firmware's log explains. PCR 0 starts with the locality of TPM2_Startup (PFP 10.4.5.3). */
static void check_firmware_pcrs(struct judgement *j)
{
	for (uint32_t pcr = 0; pcr <= PCR_FIRMWARE_LAST; pcr++) {
		struct digest reset = digest_filled(0x00);

		if (pcr == 0)
			reset.bytes[SHA256_BYTES - 1] = j->tcg_log.startup_locality;
		check_replay(j, &j->tcg_log, "TCG log", pcr, reset);
	}
	check_replay(j, &j->tcg_log, "TCG log", LAUNCH_PCR_WEAK, digest_filled(0x00));
}

/* Under the weak binding the loader closes PCRs 17 to 19 where it has locality 2, and cannot reach them elsewhere. */
static bool is_closed_weak(const struct judgement *j, uint32_t pcr)
{
	return j->launch.weak && digest_equal(j->pcr[pcr], pcr_extend(digest_filled(0xff), launch_mark(MARK_WEAK)));
}

/*
 * PCRs that only locality 2 can extend; 00..00 would be a DRTM's reset, which no launch does. Without any launch log
 * there is no hypervisor, and step 9 judges these PCRs then.
 */
static void check_launch_pcrs(struct judgement *j)
{
	if (!j->has_launch)
		return;
	for (uint32_t pcr = LAUNCH_PCR_STRONG; pcr <= PCR_LOCALITY_LAST; pcr++)
		if (!is_closed_weak(j, pcr))
			check_replay(j, &j->launch.log, "launch log", pcr, digest_filled(0xff));
}

void step_pcrs(struct judgement *j)
{
	if (!j->has_quote || !j->quote.is_quote) {
		verdict_skip(j->verdict, STEP_PCRS, "the quote could not be read");
		return;
	}
	const bool selected = check_selection(j);
	if (!j->has_pcrs || !j->has_tcg_log) {
		verdict_skip(j->verdict, STEP_PCRS,
			     j->has_pcrs ? "the TCG log could not be read"
					 : "the list of PCR values could not be used");
		return;
	}
	if (selected)
		check_digest(j);
	check_firmware_pcrs(j);
	check_capping(j);
	check_launch_pcrs(j);
	verdict_pass(j->verdict, STEP_PCRS);
}
