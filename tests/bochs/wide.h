/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The arithmetic of a 64-bit IDIV and IMUL, in the shapes that Bochs calls (its cpu/wide_int.cc). */
#ifndef BOCHS_WIDE_H
#define BOCHS_WIDE_H

#include <stdint.h>

struct wide {
	uint64_t low;
	int64_t high;
};

/*
 * @dividend / @divisor, rounded towards zero; @divisor is not 0. A quotient of 2^127 wraps, and is #DE to the caller.
 */
void wide_divide(struct wide *quotient, int64_t *remainder, const struct wide *dividend, int64_t divisor);

void wide_multiply(struct wide *product, int64_t a, int64_t b);

#endif
