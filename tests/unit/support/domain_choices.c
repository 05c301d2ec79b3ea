/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain_choices.h"

#define SMALL 0x1000ull
#define LARGE 0x200000ull

uint64_t choose(struct choices *choices, uint32_t limit)
{
	return choices->next(choices->from, limit);
}

uint64_t choose_page(struct choices *choices)
{
	const uint64_t bad[] = {0,         choices->ghost->pages, choices->ghost->pages + 1, UINT32_MAX, 1ull << 32,
				UINT64_MAX};
	const uint64_t choice = choose(choices, 16), page = choose(choices, SMALL_POOL);

	if (choice == 0)
		return bad[page % (sizeof(bad) / sizeof(bad[0]))];
	for (uint64_t i = page; choice > 3 && i < SMALL_POOL; i++) {
		if (choices->ghost->page[i].kind == PAGE_FREE)
			return i;
	}
	return page;
}

/* The first pages, and those of 2 MiB that mostly have no table. */
static uint64_t choose_address(struct choices *choices)
{
	/* Ends of the RAM and of the firmware's range (host_params()), of both halves, of the numbers. */
	static const uint64_t bad[] = {
		0xfff000,
		0x1000000,
		0xffbff000,
		0xffc00000,
		0xfffff000,
		0x100000000,
		0x1001ff000,
		0x100200000,
		DOMAIN_SHARED_BIT - SMALL,
		DOMAIN_SHARED_BIT,
		(1ull << DOMAIN_GPA_BITS) - SMALL,
		1ull << DOMAIN_GPA_BITS,
		UINT64_MAX - SMALL + 1,
		UINT64_MAX,
	};

	switch (choose(choices, 16)) {
	case 0:
		return bad[choose(choices, sizeof(bad) / sizeof(bad[0]))];
	case 1 ... 5:
		return LARGE + (choose(choices, 4) << 12);
	default:
		return choose(choices, 4) << 12;
	}
}

uint64_t choose_place(struct choices *choices)
{
	switch (choose(choices, 8) + (choices->ghost->pages == SMALL_POOL ? 3 : 0)) {
	case 0 ... 3:
		return LARGE | DOMAIN_LEVEL_2MIB;
	case 4:
		return choose_address(choices) | choose(choices, 3);
	default:
		return choose_address(choices);
	}
}

static uint64_t choose_ram(struct choices *choices)
{
	return choose(choices, 16) != 0 ? choices->ram + choose(choices, RAM_PAGES) * SMALL
					: choices->ghost->base + choose(choices, 3) * 8;
}

/* As much as the level in @place says, mostly. */
static uint64_t choose_source(struct choices *choices, uint64_t place)
{
	if ((place & 0xfff) == DOMAIN_LEVEL_4KIB)
		return choose_ram(choices);
	return HOST_FAR_RAM + (choose(choices, 8) != 0 ? choose(choices, 2) * LARGE : choose(choices, 4) * LARGE / 2);
}

static bool is_page_of_ram(const struct choices *choices, uint64_t address)
{
	return address % SMALL == 0 &&
	       (address - choices->ram < RAM_PAGES * SMALL || address - HOST_FAR_RAM < HOST_FAR_BYTES);
}

static bool is_ram(const struct choices *choices, uint64_t address, uint64_t bytes)
{
	for (uint64_t i = 0; i < bytes; i += SMALL) {
		if (!is_page_of_ram(choices, address + i))
			return false;
	}
	return true;
}

/* Is the address of RAM among the arguments one? */
static bool names_ram(const struct choices *choices, uint64_t number, const uint64_t a[4])
{
	switch (number) {
	case HC_DOMAIN_CREATE:
		return is_ram(choices, a[0], SMALL);
	case HC_PAGE_ADD:
		return is_ram(choices, a[3], SMALL);
	case HC_VCPU_RUN:
		return is_ram(choices, a[2], SMALL);
	case HC_SHARED_MAP:
		return is_ram(choices, a[2], (a[1] & 0xfff) == DOMAIN_LEVEL_4KIB ? SMALL : LARGE);
	default:
		return false;
	}
}

/* Mostly the level of the table that is missing below those that are there. */
static uint64_t choose_level(struct choices *choices, uint64_t domain, uint64_t address)
{
	uint64_t level = DOMAIN_LEVEL_1GIB;

	if (choose(choices, 8) == 0)
		return choose(choices, 4);
	for (uint32_t i = 0; i < choices->ghost->pages; i++) {
		const struct ghost_page *const page = &choices->ghost->page[i];

		if (page->kind == PAGE_TABLE && page->owner == domain && page->level <= level && page->level != 0 &&
		    address >> (12 + 9 * (page->level + 1)) == page->address >> (12 + 9 * (page->level + 1)))
			level = page->level - 1;
	}
	return level;
}

/* Often where 2 MiB have pages: then they are handed down. */
static uint64_t choose_table(struct choices *choices, uint64_t domain)
{
	static const uint64_t bases[] = {0,    0, 0, DOMAIN_SHARED_BIT, DOMAIN_SHARED_BIT, DOMAIN_SHARED_BIT + LARGE,
					 LARGE};
	const struct ghost_unit *const unit = domain != 0 ? ghost_look(choices->ghost, (uint32_t)domain, LARGE) : 0;
	uint64_t base = choose(choices, 32) != 0 ? bases[choose(choices, 7)] : choose_address(choices);

	if (unit && unit->place[0].state >= GHOST_BLOCKED && choose(choices, 2) != 0)
		base = LARGE;
	return base | choose_level(choices, domain, base);
}

static uint64_t choose_vcpu(struct choices *choices, uint64_t domain)
{
	const struct ghost_domain *const self = &choices->ghost->domain[domain < choices->ghost->pages ? domain : 0];

	return choose(choices, 8) != 0 && self->vcpu_count != 0 ? self->vcpu[choose(choices, self->vcpu_count)].page
								: choose_page(choices);
}

static uint64_t choose_run(struct choices *choices, uint64_t place)
{
	return (place & 0xfff) == DOMAIN_LEVEL_2MIB && choose(choices, 4) != 0 ? HOST_RUN : choose_page(choices);
}

static void choose_arguments(struct choices *choices, struct ghost_call *call)
{
	uint64_t *const a = call->argument;

	switch (call->number) {
	case HC_DOMAIN_CREATE:
		a[1] = a[0];
		a[0] = choose_ram(choices);
		a[2] = choose_page(choices);
		break;
	case HC_VCPU_CREATE:
		a[1] = choose_page(choices);
		a[2] = choose(choices, 4);
		a[3] = choose(choices, 2);
		break;
	case HC_TABLE_ADD:
		a[1] = choose_table(choices, a[0]);
		a[2] = choose_page(choices);
		break;
	case HC_PAGE_ADD:
		a[1] = choose_address(choices) | choose(choices, 2);
		a[2] = choose_page(choices);
		a[3] = choose_ram(choices);
		break;
	case HC_PAGE_AUG:
		a[1] = choose_place(choices);
		a[2] = choose_run(choices, a[1]);
		break;
	case HC_SHARED_MAP:
		a[1] = choose_place(choices);
		a[2] = choose_source(choices, a[1]);
		break;
	case HC_PAGE_REMOVE:
	case HC_SHARED_UNMAP:
		a[1] = choose_place(choices);
		break;
	case HC_VCPU_RUN:
		a[1] = choose_vcpu(choices, a[0]);
		a[2] = choose_ram(choices);
		break;
	case HC_VCPU_FLUSH:
		a[1] = choose_vcpu(choices, a[0]);
		break;
	case HC_INTERRUPT:
		a[1] = choose_vcpu(choices, a[0]);
		a[2] = choose(choices, 256);
		break;
	case HC_PAGE_RECLAIM:
		a[1] = choose(choices, 4) != 0 ? 0 : choose_page(choices);
		a[2] = choose(choices, 4) != 0 ? choices->ghost->pages : choose(choices, SMALL_POOL);
		break;
	default:
		break;
	}
	if (choose(choices, 64) == 0) /* what must be zero, mostly */
		a[1 + choose(choices, 3)] |= 1 + choose(choices, 4);
}

/* What fits the domain's state, mostly. */
static uint64_t choose_number(struct choices *choices, uint64_t domain)
{
	static const uint32_t build[] = {HC_DOMAIN_CREATE, HC_VCPU_CREATE, HC_TABLE_ADD, HC_TABLE_ADD,
					 HC_TABLE_ADD,     HC_TABLE_ADD,   HC_PAGE_ADD,  HC_DOMAIN_FINALIZE};
	static const uint32_t late[] = {HC_TABLE_ADD, HC_TABLE_ADD, HC_PAGE_ADD, HC_VCPU_CREATE, HC_DOMAIN_FINALIZE};
	static const uint32_t ready[] = {HC_PAGE_AUG,    HC_PAGE_AUG,   HC_PAGE_AUG,   HC_PAGE_AUG,   HC_PAGE_AUG,
					 HC_PAGE_REMOVE, HC_SHARED_MAP, HC_SHARED_MAP, HC_SHARED_MAP, HC_SHARED_UNMAP,
					 HC_VCPU_RUN,    HC_VCPU_FLUSH, HC_INTERRUPT,  HC_TABLE_ADD,  HC_TABLE_ADD,
					 HC_TABLE_ADD,   HC_TABLE_ADD,  HC_TABLE_ADD};

	if (choose(choices, 12) == 0)
		return HC_DOMAIN_CREATE + choose(choices, (HC_INTERRUPT - HC_DOMAIN_CREATE + 1));
	if (domain >= choices->ghost->pages || choices->ghost->page[domain].kind != PAGE_DOMAIN)
		return HC_DOMAIN_CREATE;
	switch (choices->ghost->domain[domain].state) {
	case DOMAIN_BUILDING:
		return choices->ghost->domain[domain].vcpu_count == 0
			       ? build[choose(choices, sizeof(build) / sizeof(build[0]))]
			       : late[choose(choices, sizeof(late) / sizeof(late[0]))];
	case DOMAIN_READY:
		return ready[choose(choices, sizeof(ready) / sizeof(ready[0]))];
	default:
		return choose(choices, 2) != 0 ? HC_PAGE_RECLAIM : HC_VCPU_FLUSH;
	}
}

void choose_call(struct choices *choices, struct ghost_call *call)
{
	call->number = choose_number(choices, call->argument[0]);
	choose_arguments(choices, call);
	call->is_ram = names_ram(choices, call->number, call->argument);
}
