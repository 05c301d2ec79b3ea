/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sequences of hypercalls for domains out of choices that somebody makes, a random generator or a
 * fuzzer. Each result, the pool's records and tables are compared with the specification's
 * (hv/domain/debug/ghost.h); aborts where they differ.
 */
#ifndef TESTS_UNIT_SUPPORT_DOMAIN_CALLS_H
#define TESTS_UNIT_SUPPORT_DOMAIN_CALLS_H

#include <stdint.h>

#include "cloister/domain.h"

#define CALL_NUMBERS (HC_PAGE_RECLAIM - HC_DOMAIN_CREATE + 1)

struct calls {
	uint32_t (*next)(void *from, uint32_t limit); /* the next choice, below @limit */
	void *from;
	unsigned done[CALL_NUMBERS], refused[CALL_NUMBERS]; /* counted */
};

/* @count calls on a new pool. */
void calls_run(struct calls *calls, unsigned count);

#endif
