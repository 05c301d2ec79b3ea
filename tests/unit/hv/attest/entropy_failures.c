/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RDSEED and RDRAND that fail, for a while or for ever, and CPUs that lack one or both. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/unit/mock/x86.h"

#include "hv/attest/entropy.c"

#define NEVER UINT32_MAX

enum { RDSEED = 0x5eed, RDRAND = 0x4a4d }; /* what words of each begin with */

static struct {
	uint32_t last_leaf;
	bool has_rdseed, has_rdrand;
	uint32_t rdseed_fails, rdrand_fails; /* so often before each word */
	uint32_t rdseed_left, rdrand_left;
	uint32_t rdseeds, rdrands;
} cpu;

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	assert_true(leaf <= cpu.last_leaf); /* above it, an answer means nothing */
	switch (leaf) {
	case 0:
		return (struct cpuid_result){cpu.last_leaf, 0, 0, 0};
	case 1:
		return (struct cpuid_result){0, 0, cpu.has_rdrand ? 1u << 30 : 0, 0};
	default:
		assert_int_equal(leaf, 7);
		return (struct cpuid_result){0, ~(1u << 18) | (cpu.has_rdseed ? 1u << 18 : 0), 0, 0};
	}
}

static bool try_word(uint32_t *left, uint32_t fails, uint32_t count, uint64_t kind, uint64_t *word)
{
	*word = 0; /* as a CPU does when it fails */
	if (*left != 0) {
		*left -= fails != NEVER;
		return false;
	}
	*left = fails;
	*word = kind << 32 | count;
	return true;
}

bool rdseed(uint64_t *word)
{
	assert_true(cpu.has_rdseed);
	return try_word(&cpu.rdseed_left, cpu.rdseed_fails, ++cpu.rdseeds, RDSEED, word);
}

bool rdrand(uint64_t *word)
{
	assert_true(cpu.has_rdrand);
	return try_word(&cpu.rdrand_left, cpu.rdrand_fails, ++cpu.rdrands, RDRAND, word);
}

/* Four words from such a CPU; they are of @kind if there are any. */
static enum hv_error fill(uint32_t rdseed_fails, uint32_t rdrand_fails, uint64_t kind)
{
	uint64_t words[6] = {1, 0, 0, 0, 0, 1};

	cpu.rdseeds = cpu.rdrands = 0;
	cpu.rdseed_fails = cpu.rdseed_left = rdseed_fails;
	cpu.rdrand_fails = cpu.rdrand_left = rdrand_fails;
	const enum hv_error error = entropy_fill(words + 1, 4);

	for (size_t i = 1; error == HV_OK && i < 5; i++)
		assert_int_equal(words[i] >> 32, kind);
	assert_int_equal(words[0] + words[5], 2);
	return error;
}

static int new_cpu(void **state)
{
	(void)state;
	cpu.last_leaf = 0xd;
	cpu.has_rdseed = cpu.has_rdrand = true;
	return 0;
}

static void rdseed_first(void **state)
{
	(void)state;
	assert_int_equal(fill(0, 0, RDSEED), HV_OK);
	assert_int_equal(cpu.rdrands, 0);
	assert_int_equal(fill(999, NEVER, RDSEED), HV_OK);
	assert_int_equal(cpu.rdseeds, 4 * 1000);
}

/* A word that was not to be had never counts as one. */
static void rdrand_stands_in(void **state)
{
	(void)state;
	assert_int_equal(fill(NEVER, 0, RDRAND), HV_OK);
	assert_int_equal(fill(NEVER, 9, RDRAND), HV_OK);
	cpu.has_rdseed = false;
	assert_int_equal(fill(0, 9, RDRAND), HV_OK);
	assert_int_equal(cpu.rdrands, 4 * 10);
}

static void none_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(fill(NEVER, NEVER, 0), HV_E_NO_ENTROPY);
	assert_int_equal(cpu.rdseeds, 1000);
	assert_int_equal(cpu.rdrands, 10);
	cpu.has_rdrand = false;
	assert_int_equal(fill(NEVER, 0, 0), HV_E_NO_ENTROPY);
	cpu.has_rdseed = false;
	assert_int_equal(fill(0, 0, 0), HV_E_NO_ENTROPY);
	cpu.last_leaf = 1;
	assert_int_equal(fill(0, 0, 0), HV_E_NO_ENTROPY);
	cpu.has_rdrand = true;
	assert_int_equal(fill(0, 10, 0), HV_E_NO_ENTROPY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(rdseed_first, new_cpu),
		cmocka_unit_test_setup(rdrand_stands_in, new_cpu),
		cmocka_unit_test_setup(none_is_an_error, new_cpu),
	};

	return cmocka_run_group_tests_name("hv_attest_entropy_failures", tests, NULL, NULL);
}
