/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain_calls.h"

#include <stdlib.h>
#include <string.h>

#include "domain/debug/ghost.h"
#include "fuzz/shared/promise.h"
#include "domain_host.h"
#include "stage2_format.h"

#define PAGES 24u /* few, so calls meet */

static struct host host;
static struct ghost ghost;
static uint64_t seen[PAGES]; /* records at the last look */

static uint64_t choose(struct calls *calls, uint32_t limit)
{
	return calls->next(calls->from, limit);
}

static bool is_zero(const uint8_t *page)
{
	return page[0] == 0 && memcmp(page, page + 1, PAGE_BYTES - 1) == 0;
}

static const uint64_t *table_at(uint64_t address)
{
	return (const uint64_t *)(const void *)(uintptr_t)address;
}

/* Leaves and tables below @table, whose entries are of @level; each lies in the pool. */
static void count_entries(const uint64_t *table, unsigned level, uint32_t *tables, uint32_t *leaves)
{
	for (unsigned i = 0; i < 512; i++) {
		if (table[i] == 0)
			continue;
		const uint64_t address = stage2_address(table[i]).value;

		PROMISE(address - (uintptr_t)host.pool < PAGES * PAGE_BYTES);
		if (level == 1) {
			PROMISE(table[i] == stage2_private(paddr(address)));
			++*leaves;
			continue;
		}
		PROMISE(table[i] == stage2_table(paddr(address)));
		++*tables;
		count_entries(table_at(address), level - 1, tables, leaves);
	}
}

/* Where a private page is said to lie, it is; and it is where nothing else is. */
static void check_page(uint32_t page)
{
	const struct ghost_page *const g = &ghost.page[page];
	const struct td *const td = (const void *)(host.pool + g->owner * PAGE_BYTES);
	uint64_t table = (uintptr_t)host.pool + td->table * PAGE_BYTES;

	if (ghost.page[g->owner].state == DOMAIN_STOPPED)
		return; /* its tables may be free */
	for (unsigned shift = 39; shift > 12; shift -= 9)
		table = stage2_address(table_at(table)[g->address >> shift & 511]).value;
	PROMISE(stage2_address(table_at(table)[g->address >> 12 & 511]).value ==
		(uintptr_t)host.pool + page * PAGE_BYTES);
}

static void check_domain(uint32_t page)
{
	const struct td *const td = (const void *)(host.pool + page * PAGE_BYTES);
	uint32_t tables = 1, leaves = 0;

	PROMISE(td->state == (uint32_t)ghost.page[page].state);
	if (td->state == DOMAIN_STOPPED)
		return;
	count_entries(table_at((uintptr_t)host.pool + td->table * PAGE_BYTES), 4, &tables, &leaves);
	PROMISE(tables == ghost_count(&ghost, page, PAGE_TABLE) && td->tables == tables);
	PROMISE(leaves == ghost_count(&ghost, page, PAGE_PRIVATE) && td->private_pages == leaves);
	PROMISE(td->vcpu_count == ghost_count(&ghost, page, PAGE_VCPU));
}

/* Of tables those of one domain: the others' are not reached, see window_open(). */
static void compare(uint64_t domain)
{
	for (uint32_t page = 0; page < PAGES; page++) {
		PROMISE(host_record(&host, page) == ghost_record(&ghost, page));
		switch (ghost.page[page].kind) {
		case PAGE_FREE: /* it cannot be reached later: see window_open() */
			PROMISE(seen[page] == 0 || is_zero(host.pool + page * PAGE_BYTES));
			break;
		case PAGE_DOMAIN:
			if (page == domain)
				check_domain(page);
			break;
		case PAGE_PRIVATE:
			if (ghost.page[page].owner == domain)
				check_page(page);
			break;
		default:
			break;
		}
		seen[page] = host_record(&host, page);
	}
}

/* Mostly something that works. */
static uint64_t choose_page(struct calls *calls)
{
	static const uint64_t bad[] = {0, PAGES, PAGES + 1, UINT32_MAX, 1ull << 32, UINT64_MAX};

	return choose(calls, 16) != 0 ? choose(calls, PAGES) : bad[choose(calls, sizeof(bad) / sizeof(bad[0]))];
}

static uint64_t choose_address(struct calls *calls)
{
	static const uint64_t bad[] = {0x1000000, DOMAIN_SHARED_BIT, 1ull << DOMAIN_GPA_BITS, UINT64_MAX, 0x100000000};

	return choose(calls, 16) != 0 ? choose(calls, 4) << 12 : bad[choose(calls, sizeof(bad) / sizeof(bad[0]))];
}

static uint64_t choose_ram(struct calls *calls)
{
	return choose(calls, 16) != 0 ? host_ram(&host, (unsigned)choose(calls, RAM_PAGES))
				      : (uint64_t)(uintptr_t)host.pool + choose(calls, 3) * 8;
}

static bool is_ram(uint64_t address)
{
	return address % PAGE_BYTES == 0 && address - (uintptr_t)host.ram < RAM_PAGES * PAGE_BYTES;
}

/* Mostly the level of the table that is missing below those that are there. */
static uint64_t choose_level(struct calls *calls, uint64_t domain)
{
	const uint32_t tables = domain < PAGES ? ghost_count(&ghost, (uint32_t)domain, PAGE_TABLE) : 0;

	return choose(calls, 4) != 0 && tables - 1 < 3 ? DOMAIN_LEVEL_TOP - tables : choose(calls, 4);
}

static void choose_arguments(struct calls *calls, uint64_t number, uint64_t a[4])
{
	a[0] = choose(calls, 16) != 0 ? 1 + choose(calls, 3) : choose_page(calls);
	a[1] = choose(calls, 32) != 0 ? 0 : choose_address(calls);
	a[2] = a[3] = 0;
	switch (number) {
	case HC_DOMAIN_CREATE:
		a[1] = a[0];
		a[0] = choose_ram(calls);
		a[2] = choose_page(calls);
		break;
	case HC_VCPU_CREATE:
		a[1] = choose_page(calls);
		a[2] = choose(calls, 4);
		a[3] = choose(calls, 2);
		break;
	case HC_TABLE_ADD:
		a[1] |= choose_level(calls, a[0]);
		a[2] = choose_page(calls);
		break;
	case HC_PAGE_ADD:
		a[1] = choose_address(calls) | choose(calls, 2);
		a[2] = choose_page(calls);
		a[3] = choose_ram(calls);
		break;
	case HC_PAGE_RECLAIM:
		a[1] = choose_page(calls);
		a[2] = choose(calls, PAGES);
		break;
	default:
		break;
	}
}

/* Ends come less often than steps of a build. */
static uint64_t choose_number(struct calls *calls)
{
	static const uint8_t offset[] = {0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3,
					 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 5, 6, 6};

	return HC_DOMAIN_CREATE + offset[choose(calls, sizeof(offset))];
}

static void one_call(struct calls *calls)
{
	const uint64_t number = choose_number(calls);
	struct domain_params params = host_params();
	uint64_t a[4];

	choose_arguments(calls, number, a);
	if (choose(calls, 16) == 0)
		((uint8_t *)&params)[choose(calls, 64)] ^= 1;
	memcpy(host.ram, &params, sizeof(params));
	const uint64_t ram = number == HC_DOMAIN_CREATE ? a[0] : a[3];

	if (number == HC_DOMAIN_CREATE && is_ram(ram))
		memcpy((void *)(uintptr_t)ram, &params, sizeof(params));
	const int64_t expected = ghost_call(&ghost, number, a, is_ram(ram), &params);
	const int64_t found = host_call(&host, (unsigned)choose(calls, 2), number, a[0], a[1], a[2], a[3]);

	PROMISE(found == expected);
	compare(number == HC_DOMAIN_CREATE ? a[1] : a[0]);
	++(found >= 0 ? calls->done : calls->refused)[number - HC_DOMAIN_CREATE];
}

void calls_run(struct calls *calls, unsigned count)
{
	host_start(&host, PAGES);
	ghost_start(&ghost, PAGES);
	memset(seen, 0, sizeof(seen));
	while (count-- != 0)
		one_call(calls);
	host_stop(&host);
}
