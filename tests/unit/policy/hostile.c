/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: policy/judge.c policy/evidence.c policy/verdict.c */
/* Evidence cut at every length and changed at every byte: never a crash, never a pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "builder.h"

static struct built *honest;

/* The structures of an evidence, by their place. */
static const struct {
	const char *name;
	size_t offset;
	bool is_log;
	size_t step; /* every how many bytes one is changed: each costs three signature checks */
} PARTS[] = {
	{"quote", offsetof(struct evidence, quote), false, 1},
	{"signature", offsetof(struct evidence, signature), false, 1},
	{"ak_public", offsetof(struct evidence, ak_public), false, 1},
	{"tcg_log", offsetof(struct evidence, tcg_log.data), true, 7},
	{"hv_log", offsetof(struct evidence, hv_log.data), true, 7},
	{"statement", offsetof(struct evidence, statement), false, 3},
	{"fresh", offsetof(struct evidence, fresh), false, 3},
};
#define PART_COUNT (sizeof(PARTS) / sizeof(PARTS[0]))

static struct bytes *part_of(struct evidence *e, size_t part)
{
	return (struct bytes *)((uint8_t *)e + PARTS[part].offset);
}

/* The host would say the digest of what it sends. */
static bool trusts(struct evidence *e)
{
	struct verdict v;

	e->tcg_log.claimed = sha256(e->tcg_log.data);
	e->hv_log.claimed = sha256(e->hv_log.data);
	judge(e, &honest->challenge, &honest->policy, &honest->known, &v);
	return verdict_accepted(&v) || verdict_exit_code(&v) < 10;
}

/* In memory of its exact size, so a read past the end is seen. */
static void evidence_cut_at_every_length_is_refused(void **state)
{
	const size_t part = *(const size_t *)*state;
	struct evidence e = honest->evidence;
	const struct bytes whole = *part_of(&e, part);

	for (size_t len = 0; len < whole.len; len++) {
		uint8_t *exact = malloc(len ? len : 1);

		assert_non_null(exact);
		if (len > 0)
			memcpy(exact, whole.data, len);
		*part_of(&e, part) = (struct bytes){exact, len};
		const bool trusted = trusts(&e);
		free(exact);
		if (trusted)
			fail_msg("%s cut to %zu bytes passed", PARTS[part].name, len);
	}
}

static void evidence_changed_at_every_byte_is_refused(void **state)
{
	const size_t part = *(const size_t *)*state;
	struct evidence e = honest->evidence;
	const struct bytes whole = *part_of(&e, part);
	uint8_t *copy = malloc(whole.len);

	assert_non_null(copy);
	memcpy(copy, whole.data, whole.len);
	*part_of(&e, part) = (struct bytes){copy, whole.len};
	for (size_t at = 0; at < whole.len; at += PARTS[part].step) {
		copy[at] ^= (uint8_t)(1u << (at % 8));
		if (trusts(&e))
			fail_msg("%s with byte %zu changed passed", PARTS[part].name, at);
		copy[at] = whole.data[at];
	}
	assert_true(trusts(&e));
	free(copy);
}

static void test_answer_truncated(void **state)
{
	char *answer = build_answer(honest);
	const size_t len = strlen(answer);
	struct evidence e;
	struct parse_error error;

	(void)state;
	assert_true(evidence_parse((struct bytes){(uint8_t *)answer, len}, NULL, &e, &error));
	assert_true(trusts(&e));
	evidence_free(&e);
	for (size_t cut = 0; cut < len; cut += 5) {
		char *exact = malloc(cut ? cut : 1);

		assert_non_null(exact);
		memcpy(exact, answer, cut);
		assert_false(evidence_parse((struct bytes){(uint8_t *)exact, cut}, NULL, &e, &error));
		assert_int_not_equal(error.what[0], '\0');
		free(exact);
	}
	free(answer);
}

static int make(void **state)
{
	(void)state;
	honest = calloc(1, sizeof(*honest));
	if (!honest)
		return -1;
	build_honest(honest);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	free(honest);
	build_keys_free();
	return 0;
}

int main(void)
{
	static size_t numbers[PART_COUNT];
	static char names[2 * PART_COUNT][40];
	struct CMUnitTest tests[2 * PART_COUNT + 1];
	size_t count = 0;

	for (size_t i = 0; i < PART_COUNT; i++) {
		numbers[i] = i;
		snprintf(names[count], sizeof(names[count]), "%s cut", PARTS[i].name);
		tests[count] = (struct CMUnitTest){names[count], evidence_cut_at_every_length_is_refused, NULL, NULL,
						   &numbers[i]};
		count++;
		snprintf(names[count], sizeof(names[count]), "%s changed", PARTS[i].name);
		tests[count] = (struct CMUnitTest){names[count], evidence_changed_at_every_byte_is_refused, NULL, NULL,
						   &numbers[i]};
		count++;
	}
	tests[count] = (struct CMUnitTest){"answer cut", test_answer_truncated, NULL, NULL, NULL};
	return cmocka_run_group_tests_name("policy_hostile", tests, make, drop);
}
