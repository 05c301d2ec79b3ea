/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPU's own generator, on the machine that runs the tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <cpuid.h>

#include "attest/entropy.h"

static void fills_every_word_with_another_value(void **state)
{
	unsigned eax, ebx, ecx = 0, edx;
	uint64_t words[18];

	(void)state;
	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_RDRND))
		skip();
	memset(words, 0xa5, sizeof(words));
	assert_int_equal(entropy_fill(words + 1, 16), HV_OK);
	assert_int_equal(words[0], 0xa5a5a5a5a5a5a5a5);
	assert_int_equal(words[17], 0xa5a5a5a5a5a5a5a5);
	for (size_t i = 1; i < 17; i++)
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(words[i], words[j]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(fills_every_word_with_another_value)};

	return cmocka_run_group_tests_name("hv_attest_entropy", tests, NULL, NULL);
}
