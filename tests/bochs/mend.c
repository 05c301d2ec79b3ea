/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded into Bochs: mends the 64-bit IDIV and IMUL of a build in which they are miscompiled, and leaves any other
 * build alone. Debian's Bochs 3.1 gives 7 for 1193307 / 500; OVMF does not notice, Linux does not boot.
 *
 * The functions are looked up by their C++ names, tried on known answers, and replaced by a jump to ours if
 * they fail.
 */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>

#include "redirect.h"
#include "wide.h"

#define LONG_IDIV "_Z9long_idivP7Bit128sPlPKS_l"
#define LONG_IMUL "_Z9long_imulP7Bit128sll"

typedef void divide_function(struct wide *, int64_t *, const struct wide *, int64_t);
typedef void multiply_function(struct wide *, int64_t, int64_t);

/* Small, negative and wide values: the cases that an optimiser treats apart. */
static const int64_t numbers[] = {1193307, 500, -7, 3, INT64_MAX, INT64_MIN, 0x123456789abcdef, -1};
#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static bool same(const struct wide *a, const struct wide *b)
{
	return a->low == b->low && a->high == b->high;
}

static bool divides_like_ours(divide_function *divide, const struct wide *dividend, int64_t divisor)
{
	struct wide quotient, expected;
	int64_t remainder, expected_remainder;

	divide(&quotient, &remainder, dividend, divisor);
	wide_divide(&expected, &expected_remainder, dividend, divisor);
	return same(&quotient, &expected) && remainder == expected_remainder;
}

static bool divides_right(divide_function *divide)
{
	for (unsigned i = 0; i < NUMBERS * NUMBERS; i++) {
		const struct wide narrow = {(uint64_t)numbers[i % NUMBERS], numbers[i % NUMBERS] < 0 ? -1 : 0};
		const struct wide large = {(uint64_t)numbers[i % NUMBERS], numbers[i / NUMBERS] >> 2};

		if (!divides_like_ours(divide, &narrow, numbers[i / NUMBERS]) ||
		    !divides_like_ours(divide, &large, numbers[i / NUMBERS]))
			return false;
	}
	return true;
}

static bool multiplies_right(multiply_function *multiply)
{
	for (unsigned i = 0; i < NUMBERS * NUMBERS; i++) {
		struct wide product, expected;

		multiply(&product, numbers[i % NUMBERS], numbers[i / NUMBERS]);
		wide_multiply(&expected, numbers[i % NUMBERS], numbers[i / NUMBERS]);
		if (!same(&product, &expected))
			return false;
	}
	return true;
}

static void mend(const char *name, void *function, bool right, uintptr_t ours)
{
	if (!right)
		redirect(function, ours, NULL);
	fprintf(stderr, "mend: %s %s\n", name, right ? "is right, left alone" : "is miscompiled, replaced");
}

__attribute__((constructor)) static void mend_bochs(void)
{
	void *const idiv = dlsym(RTLD_DEFAULT, LONG_IDIV);
	void *const imul = dlsym(RTLD_DEFAULT, LONG_IMUL);

	if (idiv)
		mend("IDIV", idiv, divides_right((divide_function *)idiv), (uintptr_t)wide_divide);
	if (imul)
		mend("IMUL", imul, multiplies_right((multiply_function *)imul), (uintptr_t)wide_multiply);
}
