/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls for domains out of choices that somebody makes, a random generator or a fuzzer. Most of them fit the state
 * of the domain, as the specification's model has it; the rest are at the boundaries of what is allowed, and beyond.
 */
#ifndef TESTS_UNIT_SUPPORT_DOMAIN_CHOICES_H
#define TESTS_UNIT_SUPPORT_DOMAIN_CHOICES_H

#include "domain/debug/ghost.h"
#include "domain_host.h"

/* Pools: one that is small, so that calls meet, and one with 2 MiB in one piece. */
#define SMALL_POOL HOST_RUN
#define WIDE_POOL  (HOST_RUN + 512u)

struct choices {
	uint32_t (*next)(void *from, uint32_t limit); /* the next choice, below @limit */
	void *from;
	const struct ghost *ghost;
	uint64_t ram; /* address of the root guest's RAM, RAM_PAGES of it */
};

uint64_t choose(struct choices *choices, uint32_t limit);

/* A page of the pool: mostly a free one. */
uint64_t choose_page(struct choices *choices);

/* An address and a level, of a page or of memory. */
uint64_t choose_place(struct choices *choices);

/* A call for the domain in its first argument. */
void choose_call(struct choices *choices, struct ghost_call *call);

#endif
