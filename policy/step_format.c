/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 1: every structure is read to its last byte, or not used at all. */
#include "policy/steps.h"

static void check_log_digest(struct judgement *j, const char *name, const struct evidence_log *log)
{
	const struct digest found = sha256(log->data);

	if (digest_equal(found, log->claimed))
		return;
	refuse(j, REFUSE_LOG_DIGEST, digest_hex(log->claimed).text, "%s is %s", name, digest_hex(found).text);
}

static void read_quote(struct judgement *j)
{
	const struct evidence *e = j->evidence;

	j->has_quote = tpm_quote_parse(e->quote, &j->quote);
	if (!j->has_quote)
		refuse(j, REFUSE_QUOTE_FORMAT, "a TPMS_ATTEST and nothing after it", "%zu bytes that are not",
		       e->quote.len);
	j->has_signature = tpm_signature_parse(e->signature, &j->signature);
	if (!j->has_signature)
		refuse(j, REFUSE_SIGNATURE_FORMAT, "a TPMT_SIGNATURE, ECDSA P-256 with SHA-256",
		       "%zu bytes that are not", e->signature.len);
	j->has_ak = tpm_public_parse(e->ak_public, &j->ak);
	if (!j->has_ak)
		refuse(j, REFUSE_AK_FORMAT, "a TPMT_PUBLIC of an ECC P-256 signing key", "%zu bytes that are not",
		       e->ak_public.len);
}

/* Both logs: the refusal says where it stopped. */
static bool read_log(struct judgement *j, enum refusal_code code, const char *name, struct bytes raw,
		     struct tcg_log *log)
{
	uint32_t where;
	const enum tcg_log_result result = tcg_log_open(raw, log, &where);

	if (result != TCG_LOG_OK)
		refuse(j, code, "a TCG crypto-agile event log", "%s, event %u: %s", name, where,
		       tcg_log_result_text(result));
	return result == TCG_LOG_OK;
}

static void read_launch(struct judgement *j)
{
	const struct evidence *e = j->evidence;

	if (e->hv_log.data.len == 0 && e->statement.len == 0)
		return; /* no hypervisor: step 9 speaks of it */
	if (!read_log(j, REFUSE_HV_LOG, "launch log", e->hv_log.data, &j->launch.log))
		return;
	j->has_launch = launch_parse(&j->launch);
	if (!j->has_launch)
		refuse(j, REFUSE_HV_LOG_SHAPE, "image, config and statement, in PCRs 17, 18, 19 or all in PCR 14",
		       "launch log with %u events after its header", j->launch.log.event_count - 1);
}

static void refuse_size(struct judgement *j, enum refusal_code code, const char *what, size_t bytes, uint32_t version,
			struct bytes found)
{
	char expected[80];

	snprintf(expected, sizeof(expected), "%s of %zu bytes, version %u", what, bytes, version);
	refuse(j, code, expected, "%zu bytes that are not", found.len);
}

static void read_hypervisor(struct judgement *j)
{
	const struct evidence *e = j->evidence;

	if (e->statement.len > 0) {
		j->has_statement = hk_statement_parse(e->statement, &j->statement);
		if (!j->has_statement)
			refuse_size(j, REFUSE_STATEMENT_FORMAT, "a key statement", sizeof(j->statement),
				    HK_STATEMENT_VERSION, e->statement);
	}
	if (e->fresh.len > 0) {
		j->has_fresh = hk_fresh_parse(e->fresh, &j->fresh);
		if (!j->has_fresh)
			refuse_size(j, REFUSE_FRESH_FORMAT, "a fresh answer", sizeof(j->fresh), HK_FRESH_VERSION,
				    e->fresh);
	}
}

/* The list's order, as one of the refusals of a PCR list; REFUSAL_COUNT if there is none. */
static enum refusal_code check_pcr_list(const struct evidence *e, uint32_t *mask)
{
	bool ascending = true;

	*mask = 0;
	if (e->pcr_count > EVIDENCE_MAX_PCRS)
		return REFUSE_PCRS_LONG;
	for (size_t i = 0; i < e->pcr_count; i++) {
		const uint32_t index = e->pcrs[i].index;

		if (index >= PCR_COUNT || !(QUOTED_PCRS & 1u << index))
			return REFUSE_PCRS_OTHER;
		if (*mask & 1u << index)
			return REFUSE_PCRS_DUPLICATE;
		ascending = ascending && (i == 0 || index > e->pcrs[i - 1].index);
		*mask |= 1u << index;
	}
	if (*mask != QUOTED_PCRS)
		return REFUSE_PCRS_SHORT;
	return ascending ? REFUSAL_COUNT : REFUSE_PCRS_ORDER;
}

static void read_pcrs(struct judgement *j)
{
	uint32_t mask;
	const enum refusal_code wrong = check_pcr_list(j->evidence, &mask);

	j->has_pcrs = wrong == REFUSAL_COUNT;
	if (!j->has_pcrs) {
		refuse(j, wrong, "PCRs 0 to 7, 14, 17, 18, 19 in this order", "a list of %zu", j->evidence->pcr_count);
		return;
	}
	for (size_t i = 0; i < j->evidence->pcr_count; i++)
		j->pcr[j->evidence->pcrs[i].index] = j->evidence->pcrs[i].value;
}

/* Where the launch's events are in PCR 14, under the weak binding: after the mark. */
static void find_weak_launch(struct judgement *j)
{
	struct tcg_cursor cursor = tcg_log_events(&j->tcg_log);
	struct tcg_event event;

	for (uint32_t i = 1; tcg_log_next_of(&cursor, LAUNCH_PCR_WEAK, &event); i++) {
		if (digest_equal(event.sha256, launch_mark(MARK_WEAK))) {
			j->weak_first = i;
			return;
		}
	}
}

static void find_binding(struct judgement *j)
{
	j->weak = j->has_statement ? (j->statement.flags & HK_FLAG_WEAK_BINDING) != 0 : j->has_launch && j->launch.weak;
	if (j->weak && j->has_tcg_log)
		find_weak_launch(j);
}

void step_format(struct judgement *j)
{
	check_log_digest(j, "TCG log", &j->evidence->tcg_log);
	check_log_digest(j, "launch log", &j->evidence->hv_log);
	read_quote(j);
	j->has_tcg_log = read_log(j, REFUSE_TCG_LOG, "TCG log", j->evidence->tcg_log.data, &j->tcg_log);
	read_launch(j);
	read_hypervisor(j);
	read_pcrs(j);
	find_binding(j);
	verdict_pass(j->verdict, STEP_FORMAT);
}
