/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 10: the binding, the hypervisor's key and its fresh answer. */
#include <stdlib.h>

#include "lie.h"

static void unmeasured(struct scenario *s)
{
	s->statement_unmeasured = true;
}

static void swap_statement(struct built *b, struct scenario *s, uint32_t reset_count)
{
	const struct bytes old_log = b->evidence.hv_log.data;
	uint8_t log[sizeof(b->hv_log)];
	struct digest pcr[24];

	memcpy(log, b->hv_log, old_log.len);
	memcpy(pcr, b->pcr, sizeof(pcr));
	s->statement.tpm_reset_count = reset_count;
	s->statement.boot_id[0] ^= 1;
	s->fresh.boot_id[0] ^= 1;
	build_logs(b, s);
	memcpy(b->hv_log, log, old_log.len);
	memcpy(b->pcr, pcr, sizeof(pcr));
	b->evidence.hv_log.data.len = old_log.len;
}

static void earlier_statement(struct built *b, struct scenario *s)
{
	swap_statement(b, s, 6);
}

static void foreign_statement(struct built *b, struct scenario *s)
{
	swap_statement(b, s, 7);
}

/* The statement was changed after it was made: measure it as it is now. */
static void measure_statement(struct built *b)
{
	const struct digest digest = sha256(b->evidence.statement);
	uint8_t *data = b->hv_log + b->evidence.hv_log.data.len - sizeof(struct hk_statement);

	memcpy(data, b->statement, sizeof(struct hk_statement));
	/* the event's SHA-256 digest is before the SHA-384 one, the data's size and its name */
	memcpy(data - sizeof("cloister-statement") - 4 - 48 - 2 - 32, digest.bytes, 32);
	b->pcr[19] = pcr_extend(digest_filled(0xff), digest);
}

static void statement_signature(struct built *b, struct scenario *s)
{
	(void)s;
	b->statement[offsetof(struct hk_statement, signature)] ^= 1;
	measure_statement(b);
}

static void sign_statement(struct built *b, struct scenario *s, size_t changed)
{
	uint8_t *signature = b->statement + offsetof(struct hk_statement, signature);

	b->statement[changed] ^= 1;
	build_sign(s->hk, (struct bytes){b->statement, offsetof(struct hk_statement, signature)}, signature);
	measure_statement(b);
}

static void statement_image(struct built *b, struct scenario *s)
{
	sign_statement(b, s, offsetof(struct hk_statement, image_sha256));
}

static void statement_config(struct built *b, struct scenario *s)
{
	sign_statement(b, s, offsetof(struct hk_statement, config_sha256));
}

static void no_statement(struct built *b, struct scenario *s)
{
	(void)s;
	b->evidence.statement.len = 0;
}

static void error_after_launch(struct built *b, struct scenario *s)
{
	struct writer w = log_end(b);
	const struct digest digest = sha256((struct bytes){(const uint8_t *)"cloister-error", 15});
	static const uint8_t zeros[48];

	(void)s;
	put_head(&w, 14, 2);
	put_le(&w, TPM_ALG_SHA256, 2);
	put_bytes(&w, digest.bytes, sizeof(digest.bytes));
	put_le(&w, TPM_ALG_SHA384, 2);
	put_bytes(&w, zeros, sizeof(zeros));
	put_le(&w, 0, 4);
	log_append(b, &w);
	b->pcr[14] = pcr_extend(b->pcr[14], digest);
}

static void no_fresh(struct built *b)
{
	b->evidence.fresh.len = 0;
}

static void fresh_of_other_key(struct scenario *s)
{
	s->fresh_key = build_key(KEY_OTHER);
}

static void fresh_boot(struct scenario *s)
{
	s->fresh.boot_id[0] ^= 1;
}

static void fresh_flags(struct scenario *s)
{
	s->fresh.flags |= HK_FLAG_DEBUG;
}

static void fresh_parked(struct scenario *s)
{
	s->fresh.cpus_in_control = 1;
	s->fresh.cpus_parked = 1;
}

static void fresh_cpu_outside(struct scenario *s)
{
	s->fresh.cpus_in_control = 1;
}

static void fresh_cpu_gone(struct scenario *s)
{
	s->fresh.cpus_parked = 1;
}

static void fresh_old(struct built *b)
{
	struct scenario s;
	struct built *old = test_malloc(sizeof(*old));

	scenario_init(&s);
	s.challenge.nonce[0] ^= 1;
	build_logs(old, &s);
	/* the statement is signed again each time: take the one that is judged */
	memcpy(old->statement, b->statement, sizeof(old->statement));
	memcpy(old->hv_log, b->hv_log, sizeof(old->hv_log));
	build_quote(old, &s);
	memcpy(b->fresh, old->fresh, sizeof(b->fresh));
	test_free(old);
}

static const struct lie LIES[] = {
	{"loader failed, a weak launch completed by others",
	 weak,
	 error_after_launch,
	 weak_allowed,
	 {REFUSE_LAUNCH_FAILED},
	 19,
	 NULL},
	{"statement withheld", NULL, no_statement, NULL, {REFUSE_STATEMENT_MISSING}, 21, NULL},
	{"PCR 19 still FF..FF", unmeasured, NULL, NULL, {REFUSE_PCR_REPLAY, REFUSE_KEY_PCR_RESET}, 16, NULL},
	{"PCR 19 of an earlier boot",
	 NULL,
	 earlier_statement,
	 NULL,
	 {REFUSE_RESET_COUNT, REFUSE_STATEMENT_EARLIER},
	 15,
	 NULL},
	{"statement of another host", NULL, foreign_statement, NULL, {REFUSE_STATEMENT_FOREIGN}, 21, NULL},
	{"statement with a bad signature", NULL, statement_signature, NULL, {REFUSE_STATEMENT_SIGNATURE}, 21, NULL},
	{"statement names another image", NULL, statement_image, NULL, {REFUSE_STATEMENT_IMAGE}, 21, NULL},
	{"statement names another config", NULL, statement_config, NULL, {REFUSE_STATEMENT_CONFIG}, 21, NULL},
	{"fresh answer missing", NULL, NULL, no_fresh, {REFUSE_FRESH_MISSING}, 21, NULL},
	{"fresh answer over another nonce", NULL, NULL, fresh_old, {REFUSE_FRESH_QUALIFYING}, 21, NULL},
	{"fresh answer by another key", fresh_of_other_key, NULL, NULL, {REFUSE_FRESH_SIGNATURE}, 21, NULL},
	{"fresh answer of another boot", fresh_boot, NULL, NULL, {REFUSE_FRESH_BOOT}, 21, NULL},
	{"fresh answer with other flags", fresh_flags, NULL, NULL, {REFUSE_FRESH_FLAGS}, 21, NULL},
	{"a CPU parked", fresh_parked, NULL, NULL, {REFUSE_FRESH_CPUS}, 21, NULL},
	{"a CPU outside", fresh_cpu_outside, NULL, NULL, {REFUSE_FRESH_CPUS}, 21, NULL},
	{"a CPU parked besides", fresh_cpu_gone, NULL, NULL, {REFUSE_FRESH_CPUS}, 21, NULL},
};

int main(void)
{
	return run_lies("policy: key", LIES, sizeof(LIES) / sizeof(LIES[0]));
}
