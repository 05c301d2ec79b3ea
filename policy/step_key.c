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

	if (!j->weak && digest_equal(j->pcr[LAUNCH_PCR_STRONG + LAUNCH_STATEMENT], digest_filled(0xff))) {
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
	struct digest found;

	if (j->evidence->fresh.len == 0) {
		refuse(j, REFUSE_FRESH_MISSING, "an answer that the hypervisor's key signed for our nonce", "none");
		return;
	}
	if (!j->has_fresh)
		return; /* step 1 said why */
	memcpy(found.bytes, j->fresh.qualifying_data, sizeof(found.bytes));
	if (!digest_equal(found, j->qualifying))
		refuse(j, REFUSE_FRESH_QUALIFYING, digest_hex(j->qualifying).text, "%s", digest_hex(found).text);
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
