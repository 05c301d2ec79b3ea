/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ghost_compare.h"

#include "domain/domain.h"
#include "fuzz/shared/promise.h"
#include "guest_format.h"
#include "width.h"

/* What a private entry says besides an address, by number: a wrong constant of memory.c is not repeated here. */
#define HAD_PAGE (1ull << 52)
#define PENDING  (1ull << 53)
#define RELEASED (1ull << 54)
#define BLOCKED  (1ull << 55)

static uint64_t address_of(const struct ghost *ghost, uint64_t page)
{
	return ghost->base + page * PAGE_BYTES;
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
static uint32_t count_tables(const struct ghost *ghost, uint32_t domain, uint64_t table, unsigned level, uint64_t base)
{
	uint32_t tables = 1;

	for (uint64_t i = 0; i < 512; i++) {
		const uint64_t entry = table_at(table)[i], address = base + (i << (12 + 9 * (level - 1)));

		if (is_table(entry, level)) {
			const uint64_t below = stage2_address(entry).value;

			PROMISE(below - ghost->base < ghost->pages * PAGE_BYTES);
			PROMISE(entry == stage2_table(paddr(below)));
			tables += count_tables(ghost, domain, below, level - 1, address);
		} else if (entry != 0) {
			PROMISE(level <= 2 && ghost_look(ghost, domain, address & ~DOMAIN_SHARED_BIT));
		}
	}
	return tables;
}

static uint64_t private_entry(const struct ghost *ghost, const struct ghost_place *place, unsigned level)
{
	switch (place->state) {
	case GHOST_EMPTY:
		return HAD_PAGE;
	case GHOST_RELEASED:
		return RELEASED | HAD_PAGE;
	case GHOST_BLOCKED:
		return address_of(ghost, place->page) | BLOCKED | HAD_PAGE;
	case GHOST_PENDING:
		return address_of(ghost, place->page) | PENDING | HAD_PAGE;
	case GHOST_ACCEPTED:
		return stage2_private(paddr(address_of(ghost, place->page)), level);
	default:
		return 0;
	}
}

static uint64_t shared_entry(const struct ghost_place *place, unsigned level)
{
	return place->shared != 0 ? stage2_shared(paddr(place->shared), level) : 0;
}

/* The table that has 4 KiB from @address on, or the entry above where there is none. */
static const uint64_t *entries_at(const struct ghost *ghost, const struct td *td, uint64_t address, unsigned *level)
{
	uint64_t table = address_of(ghost, td->table);

	for (*level = 4;; --*level) {
		const uint64_t *const entry = &table_at(table)[address >> (12 + 9 * (*level - 1)) & 511];

		if (!is_table(*entry, *level) || *level == 1)
			return entry;
		table = stage2_address(*entry).value;
	}
}

/* What the specification has in these 2 MiB, the tables have, and never both halves. */
static void check_unit(const struct ghost *ghost, const struct td *td, const struct ghost_unit *unit)
{
	unsigned level, shared_level;
	const uint64_t *const private = entries_at(ghost, td, unit->base, &level);
	const uint64_t *const shared = entries_at(ghost, td, unit->base | DOMAIN_SHARED_BIT, &shared_level);

	for (unsigned i = 0; i < (level == 1 ? 512 : 1); i++)
		PROMISE(private[i] == private_entry(ghost, &unit->place[i], level));
	for (unsigned i = 0; i < (shared_level == 1 ? 512 : 1); i++)
		PROMISE(shared[i] == shared_entry(&unit->place[i], shared_level));
	for (unsigned i = 0; i < GHOST_PLACES; i++)
		PROMISE(unit->place[i].shared == 0 || unit->place[i].state == GHOST_RELEASED);
}

/* What is pending, and what is the root guest's. */
static void check_counts(const struct ghost *ghost, const struct td *td, uint32_t page)
{
	uint32_t pending = 0, shared = 0;

	for (uint32_t i = 0; i < GHOST_UNITS; i++) {
		const struct ghost_unit *const unit = &ghost->unit[i];

		for (unsigned k = 0; unit->owner == page && k < GHOST_PLACES; k++) {
			pending += unit->place[k].state == GHOST_PENDING;
			shared += unit->place[k].shared != 0;
		}
	}
	PROMISE(td->info.pending_pages == pending && td->info.shared_pages == shared);
}

void compare_domain(const struct ghost *ghost, uint32_t page)
{
	const struct ghost_domain *const self = &ghost->domain[page];
	const struct td *const td = region_pointer(paddr(address_of(ghost, page)));

	PROMISE(td->info.state == (uint32_t)self->state);
	if (td->info.state == DOMAIN_STOPPED)
		return; /* its tables may be free */
	const uint32_t tables = count_tables(ghost, page, address_of(ghost, td->table), 4, 0);

	PROMISE(tables == ghost_count(ghost, page, PAGE_TABLE) && td->info.tables == tables);
	PROMISE(td->info.private_pages == ghost_count(ghost, page, PAGE_PRIVATE));
	PROMISE(td->info.pages == 1 + tables + td->info.private_pages + ghost_count(ghost, page, PAGE_VCPU));
	check_counts(ghost, td, page);
	PROMISE(td->info.vcpus == self->vcpu_count && td->lazy == self->lazy);
	for (uint32_t i = 0; i < GHOST_UNITS; i++) {
		if (ghost->unit[i].owner == page)
			check_unit(ghost, td, &ghost->unit[i]);
	}
}
