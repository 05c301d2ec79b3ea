/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 10: the hypervisor's key is the one that this boot measured, and its owner is alive and in charge. */
#include "policy/steps.h"

/* Bits that cannot change while the hypervisor runs. */
#define FLAGS_FIXED (HK_FLAG_ALL & ~HK_FLAG_DMA_PRESENT)

static void refuse_unmeasured(struct judgement *j, struct digest statement)
{
	const uint32_t reset_count = j->statement.tpm_reset_count;
	const bool earlier = j->has_quote && j->quote.is_quote && reset_count < j->quote.reset_count;
	char expected[160], found[VERDICT_TEXT];

	if (!j->weak && digest_equal(j->pcr[PCR_IMAGE + LAUNCH_STATEMENT], digest_filled(0xff))) {
		refuse(j, REFUSE_KEY_PCR_RESET, "PCR 19 extended once", "PCR 19 still has its reset value");
		return;
	}
	snprintf(expected, sizeof(expected), "the received statement, %s", digest_hex(statement).text);
	launch_measured_text(j, LAUNCH_STATEMENT, found, sizeof(found));
	if (earlier)
		refuse(j, REFUSE_STATEMENT_EARLIER, expected, "%s; the statement is of boot %u, this is boot %u", found,
		       reset_count, j->quote.reset_count);
	else
		refuse(j, REFUSE_STATEMENT_FOREIGN, expected, "%s", found);
}

/* What the statement says was measured, and that it was. */
static void check_measured(struct judgement *j)
{
	const struct digest statement = sha256(j->evidence->statement);
	struct digest image, config;
	char found[VERDICT_TEXT];

	if (!launch_measured(j, LAUNCH_STATEMENT, statement))
		refuse_unmeasured(j, statement);
	memcpy(image.bytes, j->statement.image_sha256, sizeof(image.bytes));
	memcpy(config.bytes, j->statement.config_sha256, sizeof(config.bytes));
	if (!launch_measured(j, LAUNCH_IMAGE, image)) {
		launch_measured_text(j, LAUNCH_IMAGE, found, sizeof(found));
		refuse(j, REFUSE_STATEMENT_IMAGE, digest_hex(image).text, "%s", found);
	}
	if (!launch_measured(j, LAUNCH_CONFIG, config)) {
		launch_measured_text(j, LAUNCH_CONFIG, found, sizeof(found));
		refuse(j, REFUSE_STATEMENT_CONFIG, digest_hex(config).text, "%s", found);
	}
}

/* Is this what a weak launch extends a PCR with? */
static bool says_weak(const struct judgement *j, const struct tcg_event *event)
{
	for (size_t i = 0; j->has_launch && i < LAUNCH_EVENTS; i++)
		if (digest_equal(event->sha256, j->launch.events[i].sha256))
			return true;
	return digest_equal(event->sha256, launch_mark(MARK_WEAK));
}

/*
 * A loader that launches under the weak binding leaves PCRs 17 to 19 to whatever it launches, which could fill them in:
 * they speak for the strong one only if the loader said first that it is the strong one.
 */
static void check_strong(struct judgement *j)
{
	static const char expected[] = "the loader's \"cloister-strong\" as the first event of PCR 14, no weak launch";
	struct tcg_cursor cursor = tcg_log_events(&j->tcg_log);
	struct tcg_event event;

	if (!tcg_log_next_of(&cursor, PCR_WEAK, &event)) {
		refuse(j, REFUSE_STRONG_FIRST, expected, "no event of PCR 14");
		return;
	}
	if (!digest_equal(event.sha256, launch_mark(MARK_STRONG))) {
		refusal_at(refuse(j, REFUSE_STRONG_FIRST, expected, "%s first", digest_hex(event.sha256).text),
			   "TCG log", &event);
		return;
	}
	while (tcg_log_next_of(&cursor, PCR_WEAK, &event)) {
		if (says_weak(j, &event)) {
			refusal_at(refuse(j, REFUSE_STRONG_FIRST, expected, "a weak launch after it: %s",
					  digest_hex(event.sha256).text),
				   "TCG log", &event);
			return;
		}
	}
}

static void check_binding(struct judgement *j)
{
	if (j->has_launch && j->launch.weak != j->weak)
		refuse(j, REFUSE_BINDING, j->weak ? "events in PCR 14" : "events in PCRs 17 to 19",
		       "a launch log of the other binding");
	if (j->weak && !j->policy->allow_weak_binding)
		refuse(j, REFUSE_WEAK_BINDING, "the strong binding: PCRs 17 to 19, locality 2",
		       "the weak binding: PCR 14, locality 0");
	if (j->weak_first != 0)
		refuse(j, REFUSE_WEAK_FIRST, "the launch as the first events of PCR 14", "%u events before it",
		       j->weak_first);
	if (!j->weak && j->has_tcg_log)
		check_strong(j);
}

static void check_statement(struct judgement *j)
{
	if (launch_measurable(j, STEP_KEY))
		check_measured(j);
	check_binding(j);
	if (hk_verify(&j->statement, j->evidence->statement) != P256_VALID)
		refuse(j, REFUSE_STATEMENT_SIGNATURE, "a signature by the key in the statement",
		       "one that it did not make");
}

static void check_fresh_state(struct judgement *j)
{
	const struct hk_fresh *f = &j->fresh;
	const struct hk_statement *s = &j->statement;
	const bool needs_dma = j->policy->require_dma_remapping || (s->flags & HK_FLAG_DMA_PRESENT);
	char expected[48];

	if (memcmp(f->boot_id, s->boot_id, sizeof(f->boot_id)) != 0)
		refuse(j, REFUSE_FRESH_BOOT, "the statement's boot id", "another one");
	snprintf(expected, sizeof(expected), "0x%02x, as in the statement", s->flags & FLAGS_FIXED);
	if ((f->flags ^ s->flags) & FLAGS_FIXED)
		refuse(j, REFUSE_FRESH_FLAGS, expected, "0x%02x", f->flags & FLAGS_FIXED);
	if (needs_dma && (s->flags & HK_FLAG_DMA_PRESENT) && !(f->flags & HK_FLAG_DMA_PRESENT))
		refuse(j, REFUSE_FRESH_DMA, "DMA remapping on", "off now");
	snprintf(expected, sizeof(expected), "%u CPUs in control, none parked", s->cpu_count);
	if (f->cpus_in_control != s->cpu_count || f->cpus_parked != 0)
		refuse(j, REFUSE_FRESH_CPUS, expected, "%u in control, %u parked", f->cpus_in_control, f->cpus_parked);
}

static void check_fresh(struct judgement *j)
{
	const struct digest expected = evidence_qualifying_data(j->evidence, j->challenge);
	struct digest found;

	if (j->evidence->fresh.len == 0) {
		refuse(j, REFUSE_FRESH_MISSING, "an answer that the hypervisor's key signed for our nonce", "none");
		return;
	}
	if (!j->has_fresh)
		return; /* step 1 said why */
	memcpy(found.bytes, j->fresh.qualifying_data, sizeof(found.bytes));
	if (!digest_equal(found, expected))
		refuse(j, REFUSE_FRESH_QUALIFYING, digest_hex(expected).text, "%s", digest_hex(found).text);
	if (hk_verify(&j->statement, j->evidence->fresh) != P256_VALID)
		refuse(j, REFUSE_FRESH_SIGNATURE, "a signature by the key in the statement",
		       "one that it did not make");
	check_fresh_state(j);
}

void step_key(struct judgement *j)
{
	const struct evidence *e = j->evidence;

	if (e->statement.len == 0 && (e->hv_log.data.len > 0 || e->fresh.len > 0))
		refuse(j, REFUSE_STATEMENT_MISSING, "a key statement", "none, but other answers of a hypervisor");
	if (!j->has_statement) {
		verdict_skip(j->verdict, STEP_KEY,
			     e->statement.len ? "the key statement could not be read" : "no key statement");
		return;
	}
	check_statement(j);
	check_fresh(j);
	if (!j->has_pcrs || !j->has_fresh || !j->has_tcg_log)
		verdict_skip(j->verdict, STEP_KEY, "PCR values, log or fresh answer could not be used");
	else
		verdict_pass(j->verdict, STEP_KEY);
}
