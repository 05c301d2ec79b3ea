/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The state in which a hypercall finds a domain, and what every hypercall keeps: records, specification (debug/ghost.c)
 * and domain agree before it and afterwards. A harness that includes this has the pages' contents.
 */
#ifndef DOMAIN_STATE_H
#define DOMAIN_STATE_H

#include "domain/debug/ghost.h"
#include "domain/domain.h"
#include "domain/hypercall.h"
#include "machine/cpu.h"
#include "proof.h"
#include "vcpu/vcpu.h"

#define PAGES  GHOST_PAGES
#define DOMAIN 2u
#define LOCKED 8u
#define HALF   (1ull << (DOMAIN_GPA_BITS_MAX - 1)) /* shared addresses: from there on */

static struct ghost ghost;
static struct pool pool = {.pages = PAGES, .guest.gpa_bits = DOMAIN_GPA_BITS_MAX};
static struct machine m = {.pool = &pool};
static struct vcpu root;
static struct entry_frame frame;
static struct cpu cpus[2];
static uint64_t records[PAGES], before[PAGES];
static struct td td;
static struct domain_params params;
static bool open[WINDOWS_PER_CPU], wiped[PAGES], is_ram, locked;

static void closed(enum window window)
{
	PROVE(open[window]);
	open[window] = false;
}

/* The number of the page that a window is to show. */
static uint64_t opened(enum window window, paddr_t at)
{
	const uint64_t page = (at.value - pool.base.value) / 4096;

	PROVE(!open[window] && (at.value & 4095) == 0 && page < PAGES);
	open[window] = true;
	return page;
}

static struct hypercall_arguments any_arguments(uint64_t rdi)
{
	struct hypercall_arguments any;

	any.rdi = rdi;
	return any;
}

static void make_cpus(void)
{
	for (uint32_t i = 0; i < 2; i++) {
		cpus[i] = (struct cpu){.machine = &m, .index = i, .vcpu = &root};
		m.cpus[i] = &cpus[i];
	}
	root.frame = &frame;
}

/* A pool at @base, with any records in which page DOMAIN is one if @there, and nothing belongs to it if not. */
static void make_records(bool there, uint64_t base)
{
	pool.base.value = base;
	ghost.base = base;
	ghost.pages = PAGES;
	ghost.records = 1;
	ghost.gpa_bits = DOMAIN_GPA_BITS_MAX;
	ghost.page[0].kind = PAGE_RECORDS;
	before[0] = records[0] = PAGE_RECORDS;
	for (uint32_t i = 1; i < PAGES; i++) {
		enum page_kind kind;
		uint32_t owner;

		ASSUME(kind == PAGE_FREE || (kind >= PAGE_DOMAIN && kind <= PAGE_PRIVATE));
		ASSUME(kind == PAGE_FREE ? owner == 0 : owner > 0 && owner < PAGES);
		ASSUME((kind == PAGE_DOMAIN) == (kind != PAGE_FREE && owner == i));
		ASSUME(there || owner != DOMAIN);
		if (i == DOMAIN)
			ASSUME((kind == PAGE_DOMAIN) == there);
		ghost.page[i] = (struct ghost_page){.kind = kind, .owner = owner};
		before[i] = records[i] = ghost_record(&ghost, i);
	}
}

/* The domain's pages of this kind, its own one aside. */
static uint32_t count(enum page_kind kind)
{
	uint32_t pages = 0;

	for (uint32_t i = 1; i < PAGES; i++)
		pages += records[i] == ((uint64_t)DOMAIN << 32 | kind);
	return pages;
}

/* What the domain is beside its vCPUs, which @self has; in any state. */
static void make_td(const struct ghost_domain *self)
{
	ASSUME(self->state <= DOMAIN_STOPPED && self->vcpu_count <= self->params.max_vcpus);
	ASSUME(self->params.max_vcpus <= DOMAIN_MAX_VCPUS && self->params.ram_count <= DOMAIN_MAX_RAM);
	ghost.domain[DOMAIN] = *self;
	td.info.domain = DOMAIN;
	td.info.state = self->state;
	td.info.params = self->params;
	td.lazy = self->lazy;
	td.gpa_bits = DOMAIN_GPA_BITS_MAX;
	td.info.vcpus = self->vcpu_count;
	td.info.tables = count(PAGE_TABLE);
	td.info.private_pages = count(PAGE_PRIVATE);
	td.info.pages = td.info.tables + td.info.private_pages + 1 + count(PAGE_VCPU);
	locked = any_bool();
	if (locked)
		records[DOMAIN] |= LOCKED;
}

static bool window_is_open(void)
{
	for (uint32_t i = 0; i < WINDOWS_PER_CPU; i++) {
		if (open[i])
			return true;
	}
	return false;
}

static void check_records(bool busy)
{
	for (uint32_t i = 0; i < PAGES; i++) {
		const uint64_t record = busy && i == DOMAIN ? before[i] | LOCKED : ghost_record(&ghost, i);

		PROVE(records[i] == record);
		PROVE(before[i] == 0 || records[i] != 0 || wiped[i]);
	}
}

/* A call by CPU 0. Where another one has the domain, its answer is HC_E_BUSY, or that of a wrong argument. */
static int64_t call(uint64_t number, const struct hypercall_arguments *a)
{
	const struct ghost_call described = {
		.number = number, .argument = {a->rdi, a->rsi, a->rdx, a->rcx}, .is_ram = is_ram, .params = &params};
	const int64_t result = domain_hypercall(&cpus[0], number, a);

	PROVE(!window_is_open() && !cpus[0].guest);
	if (result == HC_E_BUSY && locked) {
		check_records(true);
		REACHABLE(true);
		return result;
	}
	PROVE(result == ghost_call(&ghost, &described));
	PROVE(!locked || result == HC_E_ARGUMENT);
	check_records(locked);
	return result;
}

#endif
