/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains with the small guest in them: built, run, and what they tell. */
#ifndef RT_DOMAIN_H
#define RT_DOMAIN_H

#include "domain_ops.h"

#include <cloister/domain.h>

#include <stdbool.h>

#define VCPUS    2u
#define OPS      40u /* in a list's page */
#define TOLD_MAX 256u

/* A domain in pages of the pool from 'page' on; 'next' is not used yet. */
struct built {
	uint64_t page, next;
	uint64_t vcpu[VCPUS];
	uint64_t tables;               /* the one for leaves of 4 KiB at 0 */
	struct domain_run *run[VCPUS]; /* a page each, kept for the next domain */
	uint64_t told[TOLD_MAX];       /* words that the guest reported */
	unsigned words, half;
	uint64_t exits[DOMAIN_EXIT_DEAD + 1];
};

/*
 * The bit of a guest's addresses that means memory of the host, and the parts of its vector state: known once
 * domain_init() was called.
 */
extern uint64_t shared_bit, xfam;

/* Reads what the machine has. */
void domain_init(void);

int64_t call(uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx, uint64_t rcx);

/* The first step of a build: the domain and its top table, in built->page and the next one. */
bool create(struct built *built);

/**
 * Builds a domain of one vCPU, or two, whose guest does @ops until OP_END.
 * False: a call failed; it was told.
 */
bool build(struct built *built, uint64_t first, unsigned vcpus, const struct op *ops, unsigned count);

/* The same, but that the build is not over. */
bool build_open(struct built *built, uint64_t first, unsigned vcpus, const struct op *ops, unsigned count);

/* Runs a vCPU until an exit that is no report. Result of the call, or the kind. */
int64_t run(struct built *built, unsigned vcpu);

/* The last exit of a vCPU. */
const struct domain_run *run_of(const struct built *built, unsigned vcpu);
void answer(struct built *built, unsigned vcpu, uint64_t value, uint64_t failed);

/* The same, over PREEMPTED. */
int64_t run_on(struct built *built, unsigned vcpu);

/* Runs it until OP_END: IDLE without an interrupt on. */
bool run_to_end(struct built *built, unsigned vcpu);

/* Nothing that went into a domain is left here. */
void forget(void);

/* Stops it, and gives all its pages back. False: some are not. */
bool destroy(struct built *built);

#endif
