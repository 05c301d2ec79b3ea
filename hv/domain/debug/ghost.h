/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A second model of the domains, and for each hypercall a specification in its terms: who owns
 * which page as what, what lies at which guest-physical address, what state each domain is in. It
 * knows no page tables, locks, windows or copies. Whoever compares it with the pool after each call
 * has an oracle for what must hold (docs/design.md, "Protected guests").
 */
#ifndef CLOISTER_DOMAIN_DEBUG_GHOST_H
#define CLOISTER_DOMAIN_DEBUG_GHOST_H

#include <stdbool.h>
#include <stdint.h>

#include "cloister/domain.h"
#include "domain/pool.h"

#define GHOST_PAGES 128u

/* A page of the pool. For a domain its state; for tables and private memory where they lie. */
struct ghost_page {
	enum page_kind kind;
	uint32_t owner;
	uint64_t address;
	uint64_t level;   /* DOMAIN_LEVEL_* of a table */
	uint32_t apic_id; /* of a vCPU */
	enum domain_state state;
	struct domain_params params;
};

struct ghost {
	uint32_t pages;
	uint32_t records; /* its first pages */
	struct ghost_page page[GHOST_PAGES];
};

/* A pool of @pages pages, at most GHOST_PAGES, without domains. */
void ghost_start(struct ghost *ghost, uint32_t pages);

/**
 * What a hypercall must answer; the model changes as the pool must.
 * @is_ram: RDI of HC_DOMAIN_CREATE, or RCX of HC_PAGE_ADD, is a page of the root guest's RAM
 * @params: what lies there for HC_DOMAIN_CREATE
 */
int64_t ghost_call(struct ghost *ghost, uint64_t number, const uint64_t argument[4], bool is_ram,
		   const struct domain_params *params);

/* The record that page @page must have. */
uint64_t ghost_record(const struct ghost *ghost, uint32_t page);

/* Pages of @kind that belong to @domain. */
uint32_t ghost_count(const struct ghost *ghost, uint32_t domain, enum page_kind kind);

#endif
