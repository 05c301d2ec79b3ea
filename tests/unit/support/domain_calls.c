/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain_calls.h"

#include <stdlib.h>
#include <string.h>

#include "domain/debug/ghost.h"
#include "fuzz/shared/promise.h"
#include "domain_host.h"
#include "guest_format.h"

#define PAGES      HOST_RUN /* few, so calls meet */
#define WIDE_PAGES (HOST_RUN + 512u)

#define SMALL 0x1000ull
#define LARGE 0x200000ull

/* What a private entry says besides an address, by number: a wrong constant of memory.c is not repeated here. */
#define HAD_PAGE (1ull << 52)
#define PENDING  (1ull << 53)
#define RELEASED (1ull << 54)
#define BLOCKED  (1ull << 55)

static struct host host;
static struct ghost ghost;

/* The guest that a CPU is in, one of them at a time, and the pool's pages that it may have translations to. */
static struct {
	bool runs;
	uint32_t cpu, domain;
	struct ghost_vcpu *vcpu;
	bool reaches[WIDE_PAGES];
} guest;

static uint64_t seen[WIDE_PAGES]; /* records at the last look */

static uint64_t choose(struct calls *calls, uint32_t limit)
{
	return calls->next(calls->from, limit);
}

static bool is_zero(const uint8_t *page)
{
	return page[0] == 0 && memcmp(page, page + 1, PAGE_BYTES - 1) == 0;
}

static uint64_t address_of(uint64_t page)
{
	return (uintptr_t)host.pool + page * PAGE_BYTES;
}

static const uint64_t *table_at(uint64_t address)
{
	return (const uint64_t *)(const void *)(uintptr_t)address;
}

static bool is_table(uint64_t entry, unsigned level)
{
	return stage2_present(entry) && !stage2_is_leaf(entry, level);
}

/* Tables below @table, whose entries are of @level. Nothing lies where no call put it. */
static uint32_t count_tables(uint32_t domain, uint64_t table, unsigned level, uint64_t base)
{
	uint32_t tables = 1;

	for (uint64_t i = 0; i < 512; i++) {
		const uint64_t entry = table_at(table)[i], address = base + (i << (12 + 9 * (level - 1)));

		if (is_table(entry, level)) {
			const uint64_t below = stage2_address(entry).value;

			PROMISE(below - (uintptr_t)host.pool < host.pages * PAGE_BYTES);
			PROMISE(entry == stage2_table(paddr(below)));
			tables += count_tables(domain, below, level - 1, address);
		} else if (entry != 0) {
			PROMISE(level <= 2 && ghost_look(&ghost, domain, address & ~DOMAIN_SHARED_BIT));
		}
	}
	return tables;
}

static uint64_t private_entry(const struct ghost_place *place, unsigned level)
{
	switch (place->state) {
	case GHOST_EMPTY:
		return HAD_PAGE;
	case GHOST_RELEASED:
		return RELEASED | HAD_PAGE;
	case GHOST_BLOCKED:
		return address_of(place->page) | BLOCKED | HAD_PAGE;
	case GHOST_PENDING:
		return address_of(place->page) | PENDING | HAD_PAGE;
	case GHOST_ACCEPTED:
		return stage2_private(paddr(address_of(place->page)), level);
	default:
		return 0;
	}
}

static uint64_t shared_entry(const struct ghost_place *place, unsigned level)
{
	return place->shared != 0 ? stage2_shared(paddr(place->shared), level) : 0;
}

/* The table that has 4 KiB from @address on, or the entry above where there is none. */
static const uint64_t *entries_at(const struct td *td, uint64_t address, unsigned *level)
{
	uint64_t table = address_of(td->table);

	for (*level = 4;; --*level) {
		const uint64_t *const entry = &table_at(table)[address >> (12 + 9 * (*level - 1)) & 511];

		if (!is_table(*entry, *level) || *level == 1)
			return entry;
		table = stage2_address(*entry).value;
	}
}

/* What the specification has in these 2 MiB, the tables have, and never both halves. */
static void check_unit(const struct td *td, const struct ghost_unit *unit)
{
	unsigned level, shared_level;
	const uint64_t *const private = entries_at(td, unit->base, &level);
	const uint64_t *const shared = entries_at(td, unit->base | DOMAIN_SHARED_BIT, &shared_level);

	for (unsigned i = 0; i < (level == 1 ? 512 : 1); i++)
		PROMISE(private[i] == private_entry(&unit->place[i], level));
	for (unsigned i = 0; i < (shared_level == 1 ? 512 : 1); i++)
		PROMISE(shared[i] == shared_entry(&unit->place[i], shared_level));
	for (unsigned i = 0; i < GHOST_PLACES; i++)
		PROMISE(unit->place[i].shared == 0 || unit->place[i].state == GHOST_RELEASED);
}

static void check_domain(uint32_t page)
{
	const struct td *const td = (const void *)(host.pool + page * PAGE_BYTES);

	PROMISE(td->state == (uint32_t)ghost.domain[page].state);
	if (td->state == DOMAIN_STOPPED)
		return; /* its tables may be free */
	const uint32_t tables = count_tables(page, address_of(td->table), 4, 0);

	PROMISE(tables == ghost_count(&ghost, page, PAGE_TABLE) && td->tables == tables);
	PROMISE(td->private_pages == ghost_count(&ghost, page, PAGE_PRIVATE));
	PROMISE(td->vcpu_count == ghost.domain[page].vcpu_count);
	for (uint32_t i = 0; i < GHOST_UNITS; i++) {
		if (ghost.unit[i].owner == page)
			check_unit(td, &ghost.unit[i]);
	}
}

static void reach_accepted(void)
{
	for (uint32_t i = 0; i < GHOST_UNITS; i++) {
		for (uint32_t k = 0; ghost.unit[i].owner == guest.domain && k < GHOST_PLACES; k++) {
			if (ghost.unit[i].place[k].state == GHOST_ACCEPTED)
				guest.reaches[ghost.unit[i].place[k].page] = true;
		}
	}
}

/* Whatever the specification says: what a CPU may use is the guest's that it is in. */
static void check_reach(void)
{
	for (uint32_t page = 0; page < host.pages; page++)
		PROMISE(!guest.reaches[page] ||
			host_record(&host, page) == ((uint64_t)guest.domain << 32 | PAGE_PRIVATE));
}

static void follow(void)
{
	memset(guest.reaches, 0, sizeof(guest.reaches));
	guest.vcpu->behind = false;
	reach_accepted();
}

/* Of tables those of one domain: the others' are not reached, see window_open(). */
static void compare(uint64_t domain)
{
	for (uint32_t page = 0; page < host.pages; page++) {
		PROMISE(host_record(&host, page) == ghost_record(&ghost, page));
		if (ghost.page[page].kind == PAGE_FREE) /* it cannot be reached later: see window_open() */
			PROMISE(seen[page] == 0 || is_zero(host.pool + page * PAGE_BYTES));
		if (ghost.page[page].kind == PAGE_DOMAIN && page == domain)
			check_domain(page);
		seen[page] = host_record(&host, page);
	}
	if (!guest.runs)
		return;
	reach_accepted();
	check_reach();
}

/* Mostly a free one. */
static uint64_t choose_page(struct calls *calls)
{
	const uint64_t bad[] = {0, host.pages, host.pages + 1, UINT32_MAX, 1ull << 32, UINT64_MAX};
	const uint64_t choice = choose(calls, 16), page = choose(calls, PAGES);

	if (choice == 0)
		return bad[page % (sizeof(bad) / sizeof(bad[0]))];
	for (uint64_t i = page; choice > 3 && i < PAGES; i++) {
		if (ghost.page[i].kind == PAGE_FREE)
			return i;
	}
	return page;
}

/* The first pages, and those of 2 MiB that mostly have no table. */
static uint64_t choose_address(struct calls *calls)
{
	static const uint64_t bad[] = {0x1000000, DOMAIN_SHARED_BIT, 1ull << DOMAIN_GPA_BITS, UINT64_MAX, 0x100000000};

	switch (choose(calls, 16)) {
	case 0:
		return bad[choose(calls, sizeof(bad) / sizeof(bad[0]))];
	case 1 ... 5:
		return LARGE + (choose(calls, 4) << 12);
	default:
		return choose(calls, 4) << 12;
	}
}

/* An address and a level, of a page or of memory. */
static uint64_t choose_place(struct calls *calls)
{
	switch (choose(calls, 8) + (host.pages == PAGES ? 3 : 0)) {
	case 0 ... 3:
		return LARGE | DOMAIN_LEVEL_2MIB;
	case 4:
		return choose_address(calls) | choose(calls, 3);
	default:
		return choose_address(calls);
	}
}

static uint64_t choose_ram(struct calls *calls)
{
	return choose(calls, 16) != 0 ? host_ram(&host, (unsigned)choose(calls, RAM_PAGES))
				      : (uint64_t)(uintptr_t)host.pool + choose(calls, 3) * 8;
}

/* As much as the level in @place says, mostly. */
static uint64_t choose_source(struct calls *calls, uint64_t place)
{
	if ((place & 0xfff) == DOMAIN_LEVEL_4KIB)
		return choose_ram(calls);
	return HOST_FAR_RAM + (choose(calls, 8) != 0 ? choose(calls, 2) * LARGE : choose(calls, 4) * LARGE / 2);
}

static bool is_page_of_ram(uint64_t address)
{
	return address % SMALL == 0 &&
	       (address - (uintptr_t)host.ram < RAM_PAGES * SMALL || address - HOST_FAR_RAM < HOST_FAR_BYTES);
}

static bool is_ram(uint64_t address, uint64_t bytes)
{
	for (uint64_t i = 0; i < bytes; i += SMALL) {
		if (!is_page_of_ram(address + i))
			return false;
	}
	return true;
}

/* Is the address of RAM among the arguments one? */
static bool names_ram(uint64_t number, const uint64_t a[4])
{
	switch (number) {
	case HC_DOMAIN_CREATE:
		return is_ram(a[0], SMALL);
	case HC_PAGE_ADD:
		return is_ram(a[3], SMALL);
	case HC_VCPU_RUN:
		return is_ram(a[2], SMALL);
	case HC_SHARED_MAP:
		return is_ram(a[2], (a[1] & 0xfff) == DOMAIN_LEVEL_4KIB ? SMALL : LARGE);
	default:
		return false;
	}
}

/* Mostly the level of the table that is missing below those that are there. */
static uint64_t choose_level(struct calls *calls, uint64_t domain, uint64_t address)
{
	uint64_t level = DOMAIN_LEVEL_1GIB;

	if (choose(calls, 8) == 0)
		return choose(calls, 4);
	for (uint32_t i = 0; i < host.pages; i++) {
		const struct ghost_page *const page = &ghost.page[i];

		if (page->kind == PAGE_TABLE && page->owner == domain && page->level <= level && page->level != 0 &&
		    address >> (12 + 9 * (page->level + 1)) == page->address >> (12 + 9 * (page->level + 1)))
			level = page->level - 1;
	}
	return level;
}

/* Often where 2 MiB have pages: then they are handed down. */
static uint64_t choose_table(struct calls *calls, uint64_t domain)
{
	static const uint64_t bases[] = {0,    0, 0, DOMAIN_SHARED_BIT, DOMAIN_SHARED_BIT, DOMAIN_SHARED_BIT + LARGE,
					 LARGE};
	const struct ghost_unit *const unit = domain != 0 ? ghost_look(&ghost, (uint32_t)domain, LARGE) : 0;
	uint64_t base = choose(calls, 32) != 0 ? bases[choose(calls, 7)] : choose_address(calls);

	if (unit && unit->place[0].state >= GHOST_BLOCKED && choose(calls, 2) != 0)
		base = LARGE;
	return base | choose_level(calls, domain, base);
}

static uint64_t choose_vcpu(struct calls *calls, uint64_t domain)
{
	const struct ghost_domain *const self = &ghost.domain[domain < host.pages ? domain : 0];

	return choose(calls, 8) != 0 && self->vcpu_count != 0 ? self->vcpu[choose(calls, self->vcpu_count)].page
							      : choose_page(calls);
}

static uint64_t choose_run(struct calls *calls, uint64_t place)
{
	return (place & 0xfff) == DOMAIN_LEVEL_2MIB && choose(calls, 4) != 0 ? HOST_RUN : choose_page(calls);
}

static void choose_arguments(struct calls *calls, struct ghost_call *call)
{
	uint64_t *const a = call->argument;

	switch (call->number) {
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
		a[1] = choose_table(calls, a[0]);
		a[2] = choose_page(calls);
		break;
	case HC_PAGE_ADD:
		a[1] = choose_address(calls) | choose(calls, 2);
		a[2] = choose_page(calls);
		a[3] = choose_ram(calls);
		break;
	case HC_PAGE_AUG:
		a[1] = choose_place(calls);
		a[2] = choose_run(calls, a[1]);
		break;
	case HC_SHARED_MAP:
		a[1] = choose_place(calls);
		a[2] = choose_source(calls, a[1]);
		break;
	case HC_PAGE_REMOVE:
	case HC_SHARED_UNMAP:
		a[1] = choose_place(calls);
		break;
	case HC_VCPU_RUN:
		a[1] = choose_vcpu(calls, a[0]);
		a[2] = choose_ram(calls);
		break;
	case HC_VCPU_FLUSH:
		a[1] = choose_vcpu(calls, a[0]);
		break;
	case HC_INTERRUPT:
		a[1] = choose_vcpu(calls, a[0]);
		a[2] = choose(calls, 256);
		break;
	case HC_PAGE_RECLAIM:
		a[1] = choose(calls, 4) != 0 ? 0 : choose_page(calls);
		a[2] = choose(calls, 4) != 0 ? host.pages : choose(calls, PAGES);
		break;
	default:
		break;
	}
	if (choose(calls, 64) == 0) /* what must be zero, mostly */
		a[1 + choose(calls, 3)] |= 1 + choose(calls, 4);
	call->is_ram = names_ram(call->number, a);
}

/* What fits the domain's state, mostly. */
static uint64_t choose_number(struct calls *calls, uint64_t domain)
{
	static const uint32_t build[] = {HC_DOMAIN_CREATE, HC_VCPU_CREATE, HC_TABLE_ADD, HC_TABLE_ADD,
					 HC_TABLE_ADD,     HC_TABLE_ADD,   HC_PAGE_ADD,  HC_DOMAIN_FINALIZE};
	static const uint32_t late[] = {HC_TABLE_ADD, HC_TABLE_ADD, HC_PAGE_ADD, HC_VCPU_CREATE, HC_DOMAIN_FINALIZE};
	static const uint32_t ready[] = {HC_PAGE_AUG,    HC_PAGE_AUG,   HC_PAGE_AUG,   HC_PAGE_AUG,   HC_PAGE_AUG,
					 HC_PAGE_REMOVE, HC_SHARED_MAP, HC_SHARED_MAP, HC_SHARED_MAP, HC_SHARED_UNMAP,
					 HC_VCPU_RUN,    HC_VCPU_FLUSH, HC_INTERRUPT,  HC_TABLE_ADD,  HC_TABLE_ADD,
					 HC_TABLE_ADD,   HC_TABLE_ADD,  HC_TABLE_ADD};

	if (choose(calls, 12) == 0)
		return HC_DOMAIN_CREATE + choose(calls, CALL_NUMBERS);
	if (domain >= host.pages || ghost.page[domain].kind != PAGE_DOMAIN)
		return HC_DOMAIN_CREATE;
	switch (ghost.domain[domain].state) {
	case DOMAIN_BUILDING:
		return ghost.domain[domain].vcpu_count == 0 ? build[choose(calls, sizeof(build) / sizeof(build[0]))]
							    : late[choose(calls, sizeof(late) / sizeof(late[0]))];
	case DOMAIN_READY:
		return ready[choose(calls, sizeof(ready) / sizeof(ready[0]))];
	default:
		return choose(calls, 2) != 0 ? HC_PAGE_RECLAIM : HC_VCPU_FLUSH;
	}
}

static int64_t do_call(const struct ghost_call *call)
{
	const uint64_t *const a = call->argument;

	return call->number == HC_VCPU_RUN ? host_run(&host, call->cpu, a[0], a[1], a[2], a[3])
					   : host_call(&host, call->cpu, call->number, a[0], a[1], a[2], a[3]);
}

/* One that is in no guest, or in one of @domain. */
static uint32_t choose_cpu(struct calls *calls, uint64_t domain)
{
	const uint32_t cpu = (uint32_t)choose(calls, 2);

	return guest.runs && guest.cpu == cpu && guest.domain != domain ? 1 - cpu : cpu;
}

static void leave_guest(void)
{
	host_leave_vcpu(&host, guest.domain, guest.vcpu->page);
	guest.vcpu->runs_on = 0;
	guest.runs = false;
}

/* After an exit it has the newest translations only. */
static void go_on(void)
{
	host_follow(&host, guest.domain, guest.vcpu->page);
	follow();
}

/* It stays there for some calls, if none does yet. */
static void enter_guest(const struct ghost_call *call)
{
	struct ghost_domain *const self = &ghost.domain[call->argument[0]];
	uint32_t i = 0;

	while (self->vcpu[i].page != call->argument[1])
		i++;
	if (guest.runs) {
		host_leave_vcpu(&host, call->argument[0], call->argument[1]);
		self->vcpu[i].runs_on = 0;
		return;
	}
	guest.runs = true;
	guest.cpu = call->cpu;
	guest.domain = (uint32_t)call->argument[0];
	guest.vcpu = &self->vcpu[i];
	follow();
}

static void one_call(struct calls *calls, uint64_t domain)
{
	struct domain_params params = host_params();
	struct ghost_call call = {.argument = {domain}, .params = &params};

	call.number = choose_number(calls, domain);
	call.cpu = choose_cpu(calls, 0);
	choose_arguments(calls, &call);
	if (choose(calls, 16) == 0)
		((uint8_t *)&params)[choose(calls, 64)] ^= 1;
	if (call.number == HC_DOMAIN_CREATE && call.is_ram)
		memcpy((void *)(uintptr_t)call.argument[0], &params, sizeof(params));
	const int64_t expected = ghost_call(&ghost, &call);
	const int64_t found = do_call(&call);

	PROMISE(found == expected);
	if (call.number == HC_VCPU_RUN && found == 0)
		enter_guest(&call);
	compare(domain);
	++(found >= 0 ? calls->done : calls->refused)[call.number - HC_DOMAIN_CREATE];
	calls->large += found >= 0 && (call.number == HC_PAGE_AUG || call.number == HC_SHARED_MAP) &&
			(call.argument[1] & 0xfff) == DOMAIN_LEVEL_2MIB;
}

static void accept(struct calls *calls, uint32_t domain, const struct pool_view *view, struct td *td)
{
	const uint64_t place = choose_place(calls), level = place & 0xfff, address = place - level;
	const enum memory_answer expected = ghost_accept(&ghost, domain, address, level);
	gpa_t at = gpa(address);
	const enum memory_answer found = domain_accept(view, td, &at, level);

	PROMISE(found == expected);
	calls->accepts[found]++;
	calls->large += found == MEMORY_DONE && level == DOMAIN_LEVEL_2MIB;
}

static void convert(struct calls *calls, uint32_t domain, uint32_t cpu, const struct pool_view *view, struct td *td)
{
	const uint64_t place = choose_place(calls), level = place & 0xfff, address = place - level;
	const bool shared = choose(calls, 3) != 0;
	uint64_t found_bytes = level == 0 ? SMALL << choose(calls, 2) : LARGE, expected_bytes = found_bytes;
	const enum memory_answer expected = ghost_convert(&ghost, cpu, domain, address, &expected_bytes, shared);
	const enum memory_answer found = domain_convert(view, td, gpa(address), &found_bytes, shared);

	PROMISE(found == expected && found_bytes == expected_bytes);
	calls->converts[found]++;
	calls->large += found == MEMORY_DONE && found_bytes == LARGE;
}

/* Something that its guest asks for. */
static void one_request(struct calls *calls, uint32_t domain)
{
	const unsigned cpu = choose_cpu(calls, domain);
	const struct pool_view view = host_view(&host, cpu);
	struct td *const td = host_enter(&host, cpu, domain);

	switch (choose(calls, 16)) {
	case 0:
		td->lazy = ghost.domain[domain].lazy = choose(calls, 2) != 0;
		break;
	case 1 ... 9:
		accept(calls, domain, &view, td);
		break;
	default:
		convert(calls, domain, cpu, &view, td);
	}
	host_leave(&host, cpu, td);
	if (guest.runs && guest.cpu == cpu)
		go_on();
	compare(domain);
}

/* The CPU that is in a guest leaves it, or has an exit. */
static void guest_exits(struct calls *calls)
{
	switch (choose(calls, 16)) {
	case 0:
		leave_guest();
		break;
	case 1:
		go_on();
		break;
	default:
		break;
	}
}

/* Guests run where their domain is ready. */
static void one_step(struct calls *calls)
{
	const uint64_t domain = choose(calls, 32) != 0 ? 2 + choose(calls, 2) : choose_page(calls);

	if (guest.runs)
		guest_exits(calls);
	if (domain < host.pages && ghost.page[domain].kind == PAGE_DOMAIN &&
	    ghost.domain[domain].state == DOMAIN_READY && choose(calls, 2) != 0)
		one_request(calls, (uint32_t)domain);
	else
		one_call(calls, domain);
}

void calls_run(struct calls *calls, unsigned count)
{
	host_start(&host, choose(calls, 2) != 0 ? PAGES : WIDE_PAGES);
	ghost_start(&ghost, (uintptr_t)host.pool, host.pages);
	memset(seen, 0, sizeof(seen));
	memset(&guest, 0, sizeof(guest));
	while (count-- != 0)
		one_step(calls);
	host_stop(&host);
}
