/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A call for a domain's memory, for every argument, every state of stage 2 on the way to the address that is meant
 * (domain_stage2.h), and every state of the pool's records: the answer is the specification's, and so is each entry and
 * each record afterwards. No other page has changed, and what became free is zero; only tables of the domain are walked,
 * and only its own pages filled. What is assumed of the place, its pages and the domain's counts holds again afterwards.
 * Assumed: a pool of 12 pages; up to two vCPUs and two ranges of RAM; the numbers of flushes and of shared pages do not
 * come round.
 */
#ifndef DOMAIN_MEMORY_H
#define DOMAIN_MEMORY_H

#include "domain_stage2.h"

#define POOL 0x400000000000ull

static struct hypercall_arguments arguments;
static struct td td_before;
static uint32_t pending_elsewhere, shared_elsewhere; /* pages that are no part of the place */
static uint64_t table_window[ENTRIES], target_window[ENTRIES], table, target;
static uint64_t source[ENTRIES]; /* contents of the root guest's RAM */
static bool copied;              /* these, to the page that is added */
static bool ram[ENTRIES];
static uint64_t ram_address; /* of the root guest's, whose pages ram[] says there are */

/* Page by page: where the number of an element is not fixed, CBMC takes all bytes of the array for one value. */
static void show(uint64_t contents[ENTRIES], uint64_t page)
{
	for (uint32_t k = 1; k < PAGES; k++) {
		for (uint32_t i = 0; i < ENTRIES; i++)
			contents[i] = k == page ? memory[k][i] : contents[i];
	}
}

static void keep(const uint64_t contents[ENTRIES], uint64_t page)
{
	for (uint32_t k = 1; k < PAGES; k++) {
		for (uint32_t i = 0; i < ENTRIES; i++)
			memory[k][i] = k == page ? contents[i] : memory[k][i];
	}
}

void *window_open(const struct paging *paging, uint32_t cpu, enum window window, paddr_t at, bool writable)
{
	const uint64_t page = opened(window, at);

	if (window == WINDOW_RECORDS) {
		PROVE(page == 0);
		return records;
	}
	if (window == WINDOW_DOMAIN) {
		PROVE(page == DOMAIN && (records[page] & LOCKED) != 0);
		return &td;
	}
	PROVE((window == WINDOW_TABLE && !open[WINDOW_TARGET]) || window == WINDOW_TARGET);
	PROVE(records[page] >> 32 == DOMAIN && page != DOMAIN);
	PROVE(window != WINDOW_TABLE || (records[page] & 7) == PAGE_TABLE);
	if (window == WINDOW_TABLE) {
		table = page;
		show(table_window, page);
		return table_window;
	}
	PROVE(!open[WINDOW_TABLE] || table != page);
	target = page;
	show(target_window, page);
	return target_window;
}

/* What is written to a window of memory is there from now on. */
void window_close(const struct paging *paging, uint32_t cpu, enum window window)
{
	closed(window);
	if (window == WINDOW_TABLE)
		keep(table_window, table);
	if (window == WINDOW_TARGET)
		keep(target_window, target);
}

/* Page by page. */
bool machine_is_ram(const struct machine *machine, gpa_t address, uint64_t bytes)
{
	const bool second = address.value != ram_address;

	PROVE(bytes == 4096 && (!second || (ram[0] && address.value == ram_address + SMALL)));
	return ram[second];
}

static uint32_t pending_pages(void)
{
	return pending_elsewhere + (place[0].state == GHOST_PENDING) + (place[1].state == GHOST_PENDING);
}

static uint32_t shared_pages(void)
{
	return shared_elsewhere + (place[0].shared != 0) + (place[1].shared != 0);
}

static bool range_sane(const struct domain_range *range)
{
	return ((range->base | range->bytes) & 4095) == 0 && range->base < HALF && range->bytes <= HALF - range->base;
}

static void make_domain(void)
{
	struct ghost_domain self;

	ASSUME(range_sane(&self.params.ram[0]) && range_sane(&self.params.ram[1]) && range_sane(&self.params.firmware));
	self.lazy = any_bool();
	make_td(&self);
	ASSUME(td.epoch < 1ull << 63 && td.removed_pages < 1ull << 63);
	for (uint32_t i = 0; i < DOMAIN_MAX_VCPUS; i++) {
		struct ghost_vcpu *const vcpu = &ghost.domain[DOMAIN].vcpu[i];

		ASSUME(vcpu->runs_on <= 2 && td.vcpu[i].epoch <= td.epoch);
		vcpu->behind = td.vcpu[i].epoch != td.epoch;
		td.vcpu[i].runs_on = vcpu->runs_on;
	}
}

static void count_elsewhere(void)
{
	uint32_t pending, shared;

	ASSUME(pending < PAGES && shared < 1u << 31);
	pending_elsewhere = pending;
	shared_elsewhere = shared;
	td.info.pending_pages = pending_pages();
	td.info.shared_pages = shared_pages();
}

static void set_up(uint64_t pool_base)
{
	__CPROVER_havoc_object(&td);
	__CPROVER_havoc_object(memory_before);
	__CPROVER_havoc_object(source);
	ram[0] = any_bool();
	ram[1] = any_bool();
	arguments = any_arguments(DOMAIN);
	place_base = arguments.rsi & (HALF - 1) & ~(LARGE - 1);
	make_records(true, pool_base);
	make_cpus();
	make_tables();
	make_domain();
	for (uint32_t i = 0; i < ENTRIES; i++) {
		const struct ghost_place any;

		place[i] = any;
	}
	ghost.unit[0].place = place;
	ghost.unit[0].owner = DOMAIN;
	ghost.unit[0].base = place_base;
	ASSUME(places_sane());
	count_elsewhere();
	make_memory();
	td_before = td;
	for (uint32_t i = 0; i < ENTRIES; i++)
		place_before[i] = place[i];
}

static void check_memory(void)
{
	find_entries();
	for (uint32_t page = 1; page < PAGES; page++) {
		const bool free = ghost.page[page].kind == PAGE_FREE, new = (page == arguments.rdx) & copied;

		for (uint32_t i = 0; i < ENTRIES; i++) {
			const uint64_t contents = contents_of(page, i);

			PROVE(memory[page][i] == (free ? 0 : new ? source[i] : contents));
		}
	}
}

static void check_td(void)
{
	const struct ghost_domain *const self = &ghost.domain[DOMAIN];

	PROVE(td.info.domain == DOMAIN && td.table == TOP && td.info.state == self->state && td.lazy == self->lazy);
	PROVE(td.info.state == td_before.info.state && td.info.vcpus == td_before.info.vcpus);
	PROVE(td.info.tables == count(PAGE_TABLE));
	PROVE(td.info.private_pages == count(PAGE_PRIVATE));
	PROVE(td.info.pending_pages == pending_pages() && td.info.shared_pages == shared_pages());
	PROVE(td.info.pages - td.info.tables - td.info.private_pages ==
	      td_before.info.pages - td_before.info.tables - td_before.info.private_pages);
	for (uint32_t i = 0; i < DOMAIN_MAX_VCPUS; i++)
		PROVE(i >= td.info.vcpus || td.vcpu[i].runs_on == 0 ||
		      self->vcpu[i].behind == (td.vcpu[i].epoch != td.epoch));
}

static void check(void)
{
	if (!locked) {
		PROVE(places_sane());
		check_td();
	}
	check_memory();
}

static int64_t memory_call(uint64_t number)
{
	const int64_t result = call(number, &arguments);

	check();
	return result;
}

/* With RAM of the root guest at @address, two pages if @large. */
static int64_t memory_call_with_ram(uint64_t number, uint64_t address, bool large)
{
	ram_address = address;
	ASSUME(!ram[0] || (address % SMALL == 0 && address < 1ull << 47)); /* machine_is_ram() is within one page */
	is_ram = ram[0] && (!large || ram[1]);
	return memory_call(number);
}

#endif
