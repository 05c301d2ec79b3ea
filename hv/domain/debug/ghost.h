/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second model of the domains, and for each hypercall and each request of a guest a specification in its terms: who
 * owns which page as what, what lies at which guest-physical address, what state each domain is in. It knows no page
 * tables but which there are, no locks, windows or copies. Whoever compares it with the pool after each
 * call has an oracle for what must hold (docs/design.md, "Protected guests").
 */
#ifndef CLOISTER_DOMAIN_DEBUG_GHOST_H
#define CLOISTER_DOMAIN_DEBUG_GHOST_H

#include <stdbool.h>
#include <stdint.h>

#include "cloister/domain.h"
#include "domain/memory.h"
#include "domain/pool.h"

#define GHOST_PAGES  2048u
#define GHOST_VCPUS  32u
#define GHOST_UNITS  128u /* of memory that calls named, of all domains */
#define GHOST_PLACES 512u /* pages in a unit */

/* A page of the pool; for tables where they lead. */
struct ghost_page {
	enum page_kind kind;
	uint32_t owner;
	uint64_t address;
	uint64_t level; /* DOMAIN_LEVEL_* */
};

struct ghost_vcpu {
	uint32_t page, apic_id;
	uint32_t loaded_on, runs_on; /* index + 1 of a CPU, or 0 */
	bool behind;                 /* while it runs: memory was taken away, which it may still use */
};

struct ghost_domain {
	enum domain_state state;
	bool lazy;
	uint32_t vcpu_count;
	struct ghost_vcpu vcpu[GHOST_VCPUS];
	struct domain_params params;
};

/* What 4 KiB of a domain's memory are. */
enum ghost_state {
	GHOST_NEW,      /* the guest never had anything there */
	GHOST_EMPTY,    /* it has nothing there now */
	GHOST_RELEASED, /* it wants a page of the host's there */
	GHOST_BLOCKED,  /* it had a page of the pool, which goes once no CPU uses it */
	GHOST_PENDING,  /* it has a page of the pool, and may not use it yet */
	GHOST_ACCEPTED,
};

struct ghost_place {
	enum ghost_state state;
	uint32_t page;   /* of the pool, where it has one */
	uint64_t shared; /* address of the root guest's RAM at the same address with the shared bit; 0: none */
};

/* 2 MiB of a domain's memory. */
struct ghost_unit {
	uint32_t owner; /* 0: not in use */
	uint64_t base;
	struct ghost_place place[GHOST_PLACES];
};

struct ghost {
	uint64_t base; /* address of the pool */
	uint32_t pages;
	uint32_t records;  /* its first pages */
	uint32_t gpa_bits; /* width of a domain's addresses, the shared bit included */
	bool small_only;   /* no page of the pool of 2 MiB may be used as one */
	struct ghost_page page[GHOST_PAGES];
	struct ghost_domain domain[GHOST_PAGES]; /* by its page */
	struct ghost_unit unit[GHOST_UNITS];
};

/* A pool of @pages pages at @base, at most GHOST_PAGES, without domains. @gpa_bits: as domain_gpa_bits() */
void ghost_start(struct ghost *ghost, uint64_t base, uint32_t pages, uint32_t gpa_bits);

/* The bit of a domain's address that says which memory is meant. */
static inline uint64_t ghost_shared_bit(const struct ghost *ghost)
{
	return domain_shared_bit(ghost->gpa_bits);
}

/* A hypercall, and what the model cannot know of it. */
struct ghost_call {
	uint64_t number;
	uint64_t argument[4];
	uint32_t cpu;
	bool is_ram;                        /* the address of RAM among the arguments is one of the root guest's */
	const struct domain_params *params; /* what lies there for HC_DOMAIN_CREATE */
};

/* What a hypercall must answer; the model changes as the pool must. HC_VCPU_RUN: the vCPU is in its guest then. */
int64_t ghost_call(struct ghost *ghost, const struct ghost_call *call);

/* What a guest's request on CPU @cpu must get: domain_accept() and domain_convert(). */
enum memory_answer ghost_accept(struct ghost *ghost, uint32_t domain, uint64_t address, uint64_t level);
enum memory_answer ghost_convert(struct ghost *ghost, uint32_t cpu, uint32_t domain, uint64_t address, uint64_t *bytes,
				 bool shared);

/* The record that page @page must have. */
uint64_t ghost_record(const struct ghost *ghost, uint32_t page);

/* Pages of @kind that belong to @domain. */
uint32_t ghost_count(const struct ghost *ghost, uint32_t domain, enum page_kind kind);

/* The 2 MiB that @address is in, below the shared bit; null: no call named them, and all is new. */
const struct ghost_unit *ghost_look(const struct ghost *ghost, uint32_t domain, uint64_t address);

#endif
