/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: policy/judge.c policy/verdict.c */
/*
 * Of a name, digest, id or nonce that is compared, every byte counts: with one bit changed in it, the host is
 * refused.
 */
#include "lie.h"

/* What is compared, in what a tenant has or in what a host sent. */
struct compared {
	const char *name;
	uint8_t *(*bytes)(struct built *);
	size_t count;
	enum refusal_code code; /* of the first refusal */
};

static uint8_t *pinned(struct built *b)
{
	return b->policy.ak_names[0].bytes;
}

static uint8_t *enrolled(struct built *b)
{
	b->known.enrolled = true;
	b->known.ak_name = b->policy.ak_names[0];
	b->policy.ak_name_count = 0;
	return b->known.ak_name.bytes;
}

static uint8_t *nonce(struct built *b)
{
	return b->challenge.nonce;
}

static uint8_t *channel(struct built *b)
{
	return b->challenge.channel;
}

static uint8_t *loader(struct built *b)
{
	return b->policy.loader[0].authenticode.bytes;
}

static uint8_t *image(struct built *b)
{
	return b->policy.image[0].sha256.bytes;
}

static uint8_t *config(struct built *b)
{
	return b->policy.config[0].sha256.bytes;
}

static uint8_t *log_digest(struct built *b)
{
	return b->evidence.tcg_log.claimed.bytes;
}

static uint8_t *pcr_0(struct built *b)
{
	return b->evidence.pcrs[0].value.bytes;
}

static uint8_t *pcr_19(struct built *b)
{
	return b->evidence.pcrs[b->evidence.pcr_count - 1].value.bytes;
}

/* The host was seen at this boot. */
static uint8_t *boot_id(struct built *b)
{
	struct host_memory *memory = &b->known.memory;
	struct verdict v;

	judge(&b->evidence, &b->challenge, &b->policy, &b->known, &v);
	*memory = v.seen;
	b->known.ak_name = b->policy.ak_names[0]; /* by this TPM */
	return memory->boot_id;
}

static const struct compared COMPARED[] = {
	{"pinned key", pinned, TPM_NAME_BYTES, REFUSE_AK_NAME},
	{"enrolled key", enrolled, TPM_NAME_BYTES, REFUSE_AK_ENROLLED},
	{"nonce", nonce, NONCE_BYTES, REFUSE_QUALIFYING},
	{"channel", channel, NONCE_BYTES, REFUSE_QUALIFYING},
	{"loader", loader, SHA256_BYTES, REFUSE_LOADER_MISSING},
	{"image", image, SHA256_BYTES, REFUSE_IMAGE},
	{"config", config, SHA256_BYTES, REFUSE_CONFIG},
	{"digest of a log", log_digest, SHA256_BYTES, REFUSE_LOG_DIGEST},
	{"PCR 0", pcr_0, SHA256_BYTES, REFUSE_PCR_DIGEST},
	{"PCR 19", pcr_19, SHA256_BYTES, REFUSE_PCR_DIGEST},
	{"boot id", boot_id, 32, REFUSE_BOOT_ID},
};

static void accepted(const struct built *b)
{
	struct verdict v;

	judge(&b->evidence, &b->challenge, &b->policy, &b->known, &v);
	assert_true(verdict_accepted(&v));
}

static void refused(const struct built *b, const struct compared *compared, size_t at)
{
	struct verdict v;

	judge(&b->evidence, &b->challenge, &b->policy, &b->known, &v);
	if (v.refusal_count == 0 || v.refusals[0].code != compared->code)
		fail_msg("byte %zu: %s", at, v.refusal_count ? refusal_name(v.refusals[0].code) : "accepted");
}

static void every_byte(void **state)
{
	const struct compared *compared = *state;
	struct built *b = test_malloc(sizeof(*b));

	build_honest(b);
	uint8_t *const bytes = compared->bytes(b);
	accepted(b);
	for (size_t at = 0; at < compared->count; at++) {
		bytes[at] ^= (uint8_t)(1u << at % 8);
		refused(b, compared, at);
		bytes[at] ^= (uint8_t)(1u << at % 8);
	}
	accepted(b);
	test_free(b);
}

static int free_keys(void **state)
{
	(void)state;
	build_keys_free();
	return 0;
}

int main(void)
{
	struct CMUnitTest tests[sizeof(COMPARED) / sizeof(COMPARED[0])];

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tests[i] =
			(struct CMUnitTest){COMPARED[i].name, every_byte, NULL, NULL, (void *)(uintptr_t)&COMPARED[i]};
	return cmocka_run_group_tests_name("policy: every byte", tests, NULL, free_keys);
}
