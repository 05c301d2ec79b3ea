/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's hypercalls for domains, and their guests' requests: each byte of an input is a choice
 * (tests/unit/support/domain_calls.h).
 */
#include "fuzz/shared/harness.h"
#include "tests/unit/support/domain_calls.h"

#define CALLS_MAX 300u

void fuzz_one(struct bytes input)
{
	struct calls calls = {.choices = {.next = next_byte, .from = &input}};
	const size_t count = input.len / 8;

	calls_run(&calls, count < CALLS_MAX ? (unsigned)count : CALLS_MAX);
}
