/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "wide.h"

#include <stdbool.h>

/* Magnitudes are unsigned, so the most negative numbers have one, too. */
static unsigned __int128 magnitude(struct wide number)
{
	const unsigned __int128 bits = (unsigned __int128)(uint64_t)number.high << 64 | number.low;

	return number.high < 0 ? -bits : bits;
}

static struct wide with_sign(unsigned __int128 bits, bool negative)
{
	bits = negative ? -bits : bits;
	return (struct wide){(uint64_t)bits, (int64_t)(uint64_t)(bits >> 64)};
}

void wide_divide(struct wide *quotient, int64_t *remainder, const struct wide *dividend, int64_t divisor)
{
	const unsigned __int128 n = magnitude(*dividend);
	const uint64_t d = divisor < 0 ? -(uint64_t)divisor : (uint64_t)divisor;
	const bool negative = dividend->high < 0;

	*quotient = with_sign(n / d, negative != (divisor < 0));
	*remainder = (int64_t)with_sign(n % d, negative).low;
}

void wide_multiply(struct wide *product, int64_t a, int64_t b)
{
	const __int128 exact = (__int128)a * b;

	*product = (struct wide){(uint64_t)exact, (int64_t)(exact >> 64)};
}
