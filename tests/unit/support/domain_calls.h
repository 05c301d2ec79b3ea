/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sequences of hypercalls for domains and of their guests' requests, out of choices that somebody makes, a random
 * generator or a fuzzer. Each result, the pool's records and the stage-2 entries are compared with the specification's
 * (hv/domain/debug/ghost.h); aborts where they differ.
 */
#ifndef TESTS_UNIT_SUPPORT_DOMAIN_CALLS_H
#define TESTS_UNIT_SUPPORT_DOMAIN_CALLS_H

#include <stdint.h>

#include "cloister/domain.h"
#include "domain/memory.h"
#include "domain_choices.h"

#define CALL_NUMBERS (HC_INTERRUPT - HC_DOMAIN_CREATE + 1) /* all that change a domain */
#define ANSWERS      (MEMORY_INVALID + 1)

struct calls {
	struct choices choices;                             /* next and from: who makes them */
	unsigned done[CALL_NUMBERS], refused[CALL_NUMBERS]; /* counted */
	unsigned accepts[ANSWERS], converts[ANSWERS];       /* the guests' requests, by their answers */
	unsigned large;                                     /* calls and requests for 2 MiB that were done */
};

/* @count calls on a new pool. */
void calls_run(struct calls *calls, unsigned count);

#endif
