/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compare.h"

#include "domain/domain.h"
#include "guest_format.h"

/* What a private entry says besides an address, by number: a wrong constant of memory.c is not repeated here. */
#define HAD_PAGE (1ull << 52)
#define PENDING  (1ull << 53)
#define RELEASED (1ull << 54)
#define BLOCKED  (1ull << 55)

#define TOP_LEVEL 4u
#define ENTRIES   512u

#define MUST(holds)                    \
	do {                           \
		if (!(holds))          \
			return #holds; \
	} while (0)

static uint64_t address_of(const struct ghost *ghost, uint64_t page)
{
	return ghost->base + page * PAGE_BYTES;
}

static uint32_t page_at(const struct ghost *ghost, uint64_t address)
{
	return (uint32_t)((address - ghost->base) / PAGE_BYTES);
}

/* A table whose entries are of @level. */
static const uint64_t *table_at(const struct ghost *ghost, uint32_t page, unsigned level)
{
	return ghost_look_at(ghost, page, level);
}

static bool is_table(uint64_t entry, unsigned level)
{
	return stage2_present(entry) && !stage2_is_leaf(entry, level);
}

/* Has a call or a guest named memory there? */
static bool is_named(const struct ghost *ghost, uint32_t domain, uint64_t address)
{
	return ghost_look(ghost, domain, address & ~ghost_shared_bit(ghost)) != 0;
}

/* Counts tables below @table, whose entries are of @level. Nothing lies where no call put it. */
static const char *count_tables(const struct ghost *ghost, uint32_t domain, uint32_t table, unsigned level,
				uint64_t base, uint32_t *tables)
{
	const uint64_t *const entries = table_at(ghost, table, level);
	const bool named = level == 1 && is_named(ghost, domain, base); /* the whole table is of the same 2 MiB */

	++*tables;
	for (uint64_t i = 0; i < ENTRIES; i++) {
		const uint64_t entry = entries[i] & ~STAGE2_MARKS, address = base + (i << (12 + 9 * (level - 1)));

		if (is_table(entry, level)) {
			const uint64_t below = stage2_address(entry).value;

			MUST(below - ghost->base < ghost->pages * PAGE_BYTES);
			MUST(entry == stage2_table(paddr(below)));
			const char *const wrong =
				count_tables(ghost, domain, page_at(ghost, below), level - 1, address, tables);

			if (wrong)
				return wrong;
		} else if (entry != 0) {
			MUST(named || (level == 2 && is_named(ghost, domain, address)));
		}
	}
	return 0;
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
static const uint64_t *entries_at(const struct ghost *ghost, uint32_t top, uint64_t address, unsigned *level)
{
	uint32_t table = top;

	for (*level = TOP_LEVEL;; --*level) {
		const uint64_t *const entry = &table_at(ghost, table, *level)[address >> (12 + 9 * (*level - 1)) & 511];

		if (!is_table(*entry, *level) || *level == 1)
			return entry;
		table = page_at(ghost, stage2_address(*entry).value);
	}
}

/* What the specification has in these 2 MiB, the tables have, and never both halves. @top: the domain's top table */
static const char *compare_unit(const struct ghost *ghost, uint32_t top, const struct ghost_unit *unit)
{
	unsigned level;
	const uint64_t *const private = entries_at(ghost, top, unit->base, &level);

	for (unsigned i = 0; i < (level == 1 ? ENTRIES : 1); i++)
		MUST((private[i] & ~STAGE2_MARKS) == private_entry(ghost, &unit->place[i], level));
	const uint64_t *const shared = entries_at(ghost, top, unit->base | ghost_shared_bit(ghost), &level);

	for (unsigned i = 0; i < (level == 1 ? ENTRIES : 1); i++)
		MUST((shared[i] & ~STAGE2_MARKS) == shared_entry(&unit->place[i], level));
	for (unsigned i = 0; i < GHOST_PLACES; i++)
		MUST(unit->place[i].shared == 0 || unit->place[i].state == GHOST_RELEASED);
	return 0;
}

/* What is pending, and what is the root guest's. */
static const char *compare_counts(const struct ghost *ghost, const struct td *td, uint32_t page)
{
	uint32_t pending = 0, shared = 0;

	for (uint32_t i = 0; i < GHOST_UNITS; i++) {
		const struct ghost_unit *const unit = &ghost->unit[i];

		for (unsigned k = 0; unit->owner == page && k < GHOST_PLACES; k++) {
			pending += unit->place[k].state == GHOST_PENDING;
			shared += unit->place[k].shared != 0;
		}
	}
	MUST(td->info.pending_pages == pending && td->info.shared_pages == shared);
	return 0;
}

/* @td: of a domain that is not stopped */
static const char *compare_memory(const struct ghost *ghost, const struct td *td, uint32_t page)
{
	uint32_t tables = 0;
	const char *wrong = count_tables(ghost, page, td->table, TOP_LEVEL, 0, &tables);

	if (wrong)
		return wrong;
	MUST(tables == ghost_count(ghost, page, PAGE_TABLE) && td->info.tables == tables);
	MUST(td->info.private_pages == ghost_count(ghost, page, PAGE_PRIVATE));
	MUST(td->info.pages == 1 + tables + td->info.private_pages + ghost_count(ghost, page, PAGE_VCPU));
	wrong = compare_counts(ghost, td, page);
	for (uint32_t i = 0; !wrong && i < GHOST_UNITS; i++) {
		if (ghost->unit[i].owner == page)
			wrong = compare_unit(ghost, td->table, &ghost->unit[i]);
	}
	return wrong;
}

const char *ghost_compare(const struct ghost *ghost, uint32_t page)
{
	const struct ghost_domain *const self = &ghost->domain[page];
	const struct td *const td = ghost_look_at(ghost, page, 0);

	MUST(td->info.state == (uint32_t)self->state);
	if (td->info.state == DOMAIN_STOPPED)
		return 0; /* its tables may be free */
	MUST(td->info.vcpus == self->vcpu_count && td->lazy == self->lazy);
	return compare_memory(ghost, td, page);
}
