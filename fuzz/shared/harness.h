/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The common part of the harnesses: AFL++ in persistent mode. Each input ends where an untouchable page begins, so a
 * read past its end is seen. A harness defines fuzz_one() and aborts where a promise is broken. With files as
 * arguments, a program runs those inputs, to look at a finding.
 */
#ifndef FUZZ_SHARED_HARNESS_H
#define FUZZ_SHARED_HARNESS_H

#include "fuzz/shared/promise.h"
#include "policy/reader.h"

void fuzz_one(struct bytes input);

/* The next byte of an input, as a choice of 'limit' ones; 0 where it has ended. 'from': struct bytes */
static inline uint32_t next_byte(void *from, uint32_t limit)
{
	struct bytes *const input = from;

	if (input->len == 0)
		return 0;
	input->len--;
	return *input->data++ % limit;
}

#endif
