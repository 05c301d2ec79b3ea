/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The division and multiplication that are put into a miscompiled Bochs, against the compiler's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/bochs/wide.h"

static const int64_t edges[] = {
	1, -1, 2, -2, 7, 500, 1193307, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MAX - 1, INT64_MIN, INT64_MIN + 1};
#define EDGES (sizeof(edges) / sizeof(edges[0]))

static __int128 value(struct wide wide)
{
	return (__int128)((unsigned __int128)(uint64_t)wide.high << 64 | wide.low);
}

static void check_division(struct wide dividend, int64_t divisor)
{
	struct wide quotient;
	int64_t remainder;

	wide_divide(&quotient, &remainder, &dividend, divisor);
	assert_true(value(quotient) == value(dividend) / divisor);
	assert_true(remainder == (int64_t)(value(dividend) % divisor));
}

static void divides_like_the_compiler(void **state)
{
	(void)state;
	for (size_t i = 0; i < EDGES; i++) {
		for (size_t k = 0; k < EDGES; k++) {
			check_division((struct wide){(uint64_t)edges[i], edges[i] < 0 ? -1 : 0}, edges[k]);
			check_division((struct wide){(uint64_t)edges[k], edges[i]}, edges[i]);
			check_division((struct wide){(uint64_t)edges[i], 0}, edges[k]);
		}
	}
}

/* The processor's #DE comes from a quotient that does not fit: it must not look as if it did. */
static void keeps_a_quotient_that_does_not_fit(void **state)
{
	struct wide quotient;
	int64_t remainder;

	(void)state;
	wide_divide(&quotient, &remainder, &(struct wide){0, INT64_MIN}, -1);
	assert_true(quotient.low == 0 && quotient.high == INT64_MIN);
	wide_divide(&quotient, &remainder, &(struct wide){0, 1}, 1);
	assert_true(quotient.low == 0 && quotient.high == 1);
	assert_true(remainder == 0);
}

static void what_was_seen_on_bochs(void **state)
{
	struct wide quotient;
	int64_t remainder;

	(void)state;
	wide_divide(&quotient, &remainder, &(struct wide){1193307, 0}, 500);
	assert_true(quotient.low == 2386 && quotient.high == 0 && remainder == 307);
}

static void multiplies_like_the_compiler(void **state)
{
	(void)state;
	for (size_t i = 0; i < EDGES; i++) {
		for (size_t k = 0; k < EDGES; k++) {
			struct wide product;

			wide_multiply(&product, edges[i], edges[k]);
			assert_true(value(product) == (__int128)edges[i] * edges[k]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(divides_like_the_compiler),
		cmocka_unit_test(keeps_a_quotient_that_does_not_fit),
		cmocka_unit_test(what_was_seen_on_bochs),
		cmocka_unit_test(multiplies_like_the_compiler),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
