/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/attest/zeroize.c hv/lib/wipe.c mbedtls/library/sha256.c mbedtls/library/sha512.c mbedtls/library/md.c mbedtls/library/hmac_drbg.c */
/* The generator's limits and its memory, seen from inside; and SHA-384 as the hypervisor will link it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <mbedtls/sha512.h>

#include "hv/attest/drbg.c"

static const uint8_t seed[48] = "forty-eight bytes of seed, which are not secret";

static bool heap_is_zero(void)
{
	for (size_t i = 0; i < sizeof(drbg.heap); i++)
		if (drbg.heap[i] != 0)
			return false;
	return true;
}

static void unseeded_gives_nothing(void **state)
{
	uint8_t out[32];

	(void)state;
	drbg_wipe();
	assert_false(drbg_fill(out, sizeof(out)));
	assert_false(drbg_stir(seed, sizeof(seed)));
	assert_int_not_equal(psa_generate_random(out, sizeof(out)), 0);
}

static void same_seed_same_stream(void **state)
{
	uint8_t first[64], again[64];

	(void)state;
	assert_true(drbg_seed(seed, sizeof(seed)) && drbg_fill(first, sizeof(first)));
	assert_true(drbg_seed(seed, sizeof(seed)) && drbg_fill(again, sizeof(again)));
	assert_memory_equal(first, again, sizeof(first));
	assert_true(drbg_fill(again, sizeof(again)));
	assert_memory_not_equal(first, again, sizeof(first));
}

static void stirring_changes_the_stream(void **state)
{
	uint8_t plain[32], stirred[32];

	(void)state;
	assert_true(drbg_seed(seed, sizeof(seed)) && drbg_fill(plain, sizeof(plain)));
	assert_true(drbg_seed(seed, sizeof(seed)) && drbg_stir("x", 1) && drbg_fill(stirred, sizeof(stirred)));
	assert_memory_not_equal(plain, stirred, sizeof(plain));
}

static void request_limit(void **state)
{
	static uint8_t out[1025];

	(void)state;
	assert_true(drbg_seed(seed, sizeof(seed)));
	assert_true(drbg_fill(out, 1024));
	assert_false(drbg_fill(out, 1025));
}

static void wipe_leaves_no_state(void **state)
{
	static const uint8_t zero[MBEDTLS_MD_MAX_SIZE];

	(void)state;
	assert_true(drbg_seed(seed, sizeof(seed)));
	assert_false(heap_is_zero());
	drbg_wipe();
	assert_true(heap_is_zero());
	assert_memory_equal(drbg.context.MBEDTLS_PRIVATE(V), zero, sizeof(drbg.context.MBEDTLS_PRIVATE(V)));
	assert_false(drbg.seeded);
	assert_false(drbg_stir(seed, sizeof(seed)));
}

/* At a crash another CPU may still be inside mbedTLS. */
static void wipe_under_a_running_generator_is_survived(void **state)
{
	uint8_t out[64];

	(void)state;
	assert_true(drbg_seed(seed, sizeof(seed)));
	drbg_wipe();
	mbedtls_hmac_drbg_random(&drbg.context, out, sizeof(out));
	mbedtls_hmac_drbg_update(&drbg.context, seed, sizeof(seed));
}

static void heap_is_bounded(void **state)
{
	(void)state;
	drbg.heap_used = 0;
	assert_null(drbg_calloc(1, sizeof(drbg.heap) + 1));
	assert_null(drbg_calloc(SIZE_MAX / 2, 4));
	assert_non_null(drbg_calloc(2, 64));
	assert_int_equal(drbg.heap_used, 128);
	assert_non_null(drbg_calloc(1, sizeof(drbg.heap) - 128));
	assert_null(drbg_calloc(1, 1));
}

/* FIPS 180-4 example, "abc". */
static const uint8_t sha384_abc[48] = {
	0xcb, 0x00, 0x75, 0x3f, 0x45, 0xa3, 0x5e, 0x8b, 0xb5, 0xa0, 0x3d, 0x69, 0x9a, 0xc6, 0x50, 0x07,
	0x27, 0x2c, 0x32, 0xab, 0x0e, 0xde, 0xd1, 0x63, 0x1a, 0x8b, 0x60, 0x5a, 0x43, 0xff, 0x5b, 0xed,
	0x80, 0x86, 0x07, 0x2b, 0xa1, 0xe7, 0xcc, 0x23, 0x58, 0xba, 0xec, 0xa1, 0x34, 0xc8, 0x25, 0xa7,
};

static void sha384_known_answer(void **state)
{
	uint8_t digest[64];

	(void)state;
	assert_int_equal(mbedtls_sha512((const uint8_t *)"abc", 3, digest, 1), 0);
	assert_memory_equal(digest, sha384_abc, sizeof(sha384_abc));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unseeded_gives_nothing),
		cmocka_unit_test(same_seed_same_stream),
		cmocka_unit_test(stirring_changes_the_stream),
		cmocka_unit_test(request_limit),
		cmocka_unit_test(wipe_leaves_no_state),
		cmocka_unit_test(wipe_under_a_running_generator_is_survived),
		cmocka_unit_test(heap_is_bounded),
		cmocka_unit_test(sha384_known_answer),
	};

	return cmocka_run_group_tests_name("hv_attest_drbg", tests, NULL, NULL);
}
