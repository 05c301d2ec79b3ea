/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For all harnesses. A local variable without a value has every value (CBMC). ASSUME() keeps the intended ones, and
 * PROVE() holds for all of them. A proof over no value proves nothing: REACHABLE() marks a point that must be
 * possible, and fails the proof if it is not.
 */
#ifndef PROOF_H
#define PROOF_H

#include <stdbool.h>

#define ASSUME(condition)    __CPROVER_assume(condition)
#define PROVE(condition)     __CPROVER_assert(condition, #condition)
#define REACHABLE(condition) __CPROVER_assert(!(condition), "reachable: " #condition)

/* A variable of this type without a value need not be 0 or 1. */
static inline bool any_bool(void)
{
	unsigned any;

	return (any & 1) != 0;
}

#endif
