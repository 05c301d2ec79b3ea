/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory at one place of a domain, 2 MiB: what the specification (debug/ghost.c) has there, which tables lead there, and
 * what each entry on the way says of it. Tables have two entries and addresses 16 bits, which is stage 2 with one bit
 * for each level in place of nine. The tables on the way have fixed numbers.
 */
#ifndef DOMAIN_STAGE2_H
#define DOMAIN_STAGE2_H

#include "domain_state.h"

#define SMALL   0x1000ull
#define LARGE   0x2000ull
#define ENTRIES 2u
#define TOP     3u

/* What an entry says, by number: a wrong constant of memory.c is not repeated here. */
#define HAD_PAGE (1ull << 52)
#define PENDING  (1ull << 53)
#define RELEASED (1ull << 54)
#define BLOCKED  (1ull << 55)
#define PRIVATE  0x7ull
#define SHARED   0x8000000000000007ull
#define LEAF     0x80ull

/* Levels are those of ghost_page: of the leaves that a table leads to. */
#define LEVELS 3u

#define ELSEWHERE (1ull << 63) /* where a table is that is not on the way */

static uint64_t memory[PAGES][ENTRIES], memory_before[PAGES][ENTRIES];
static uint64_t place_base;                  /* of the LARGE that is meant, below the shared bit */
static uint32_t path[2][LEVELS];             /* the tables on the way there, private and shared; 0: none */
static uint64_t entries[2][LEVELS][ENTRIES]; /* what each says, and its page, or 0 */
static uint32_t on_the_way[2][LEVELS][ENTRIES];
static struct ghost_place place[ENTRIES], place_before[ENTRIES]; /* there */

static uint64_t page_address(uint32_t page)
{
	return pool.base.value + page * SMALL;
}

static bool has_page(uint32_t i)
{
	return place[i].state >= GHOST_BLOCKED;
}

static bool place_sane(uint32_t i)
{
	const enum ghost_state state = place[i].state;
	const uint64_t shared = place[i].shared;
	const uint32_t page = place[i].page;
	const bool owned = records[page % PAGES] == ((uint64_t)DOMAIN << 32 | PAGE_PRIVATE);
	const bool building = td.info.state == DOMAIN_BUILDING; /* nothing was taken away yet, and all is accepted */

	return (!building | (state == GHOST_NEW) | (state == GHOST_ACCEPTED)) & ((uint32_t)state <= GHOST_ACCEPTED) &
	       ((shared == 0) | (state == GHOST_RELEASED)) & (shared % SMALL == 0) & (shared < 1ull << 47) &
	       (!has_page(i) | ((page < PAGES) & owned));
}

/* No page is at two places, nothing lies where no table leads, and what one entry says is the same for all of it. */
static bool places_sane(void)
{
	const enum ghost_state a = place[0].state, b = place[1].state;
	const uint64_t shared_a = place[0].shared, shared_b = place[1].shared;
	const uint32_t page_a = place[0].page, page_b = place[1].page;
	const bool small = path[0][0] != 0, none = path[0][1] == 0;
	const bool shared_small = path[1][0] != 0, shared_none = path[1][1] == 0;

	return place_sane(0) & place_sane(1) & (!has_page(0) | !has_page(1) | (page_a != page_b)) &
	       (!none | ((a == GHOST_NEW) & (b == GHOST_NEW))) & (small | (a == b)) &
	       (small | !has_page(0) | ((page_b == (uint64_t)page_a + 1) & (page_address(page_a) % LARGE == 0))) &
	       (!shared_none | ((shared_a | shared_b) == 0)) &
	       (shared_small | ((shared_a == 0) & (shared_b == 0)) |
		((shared_a != 0) & (shared_a % LARGE == 0) & (shared_b == (shared_a | SMALL))));
}

/* Where the table begins that is on the way. */
static uint64_t table_base(uint32_t half, uint32_t level)
{
	return (place_base & ~((SMALL << (level + 1)) - 1)) | (half != 0 ? HALF : 0);
}

/* Pages TOP + 1 and so on; each table is there only where those above it are. Others lead elsewhere. */
static void make_tables(void)
{
	const uint32_t depth[2];

	ASSUME(depth[0] <= LEVELS && depth[1] <= LEVELS);
	ASSUME(ghost.page[TOP].kind == PAGE_TABLE && ghost.page[TOP].owner == DOMAIN);
	for (uint32_t i = 1; i < PAGES; i++)
		ghost.page[i].address = ELSEWHERE;
	ghost.page[TOP].address = 0;
	ghost.page[TOP].level = DOMAIN_LEVEL_TOP;
	for (uint32_t half = 0; half < 2; half++) {
		for (uint32_t level = 0; level < LEVELS; level++) {
			const uint32_t i = TOP + 1 + half * LEVELS + level;
			const bool is = level + depth[half] >= LEVELS;
			struct ghost_page *const page = &ghost.page[i];

			ASSUME(!is | ((page->kind == PAGE_TABLE) & (page->owner == DOMAIN)));
			page->address = is ? table_base(half, level) : ELSEWHERE;
			page->level = level;
			path[half][level] = is ? i : 0;
		}
	}
	td.table = TOP;
}

static uint64_t table_entry(uint32_t page)
{
	return page == 0 ? 0 : page_address(page) | 7;
}

/* @i: of the place; @leaf: LEAF or 0 */
static uint64_t private_entry(uint32_t i, uint64_t leaf)
{
	const uint64_t address = page_address(place[i].page);
	const enum ghost_state state = place[i].state;

	return state == GHOST_EMPTY      ? HAD_PAGE
	       : state == GHOST_RELEASED ? RELEASED | HAD_PAGE
	       : state == GHOST_BLOCKED  ? address | BLOCKED | HAD_PAGE
	       : state == GHOST_PENDING  ? address | PENDING | HAD_PAGE
	       : state == GHOST_ACCEPTED ? address | PRIVATE | leaf
					 : 0;
}

static uint64_t shared_entry(uint32_t i, uint64_t leaf)
{
	const uint64_t shared = place[i].shared;

	return shared == 0 ? 0 : shared | SHARED | leaf;
}

/* What entry @i of a table on the way must say; only where @i is on the way, too. */
static uint64_t entry_of(uint32_t half, uint32_t level, uint32_t i)
{
	const uint32_t first = level == 0 ? i : 0;
	const uint64_t leaf = level == 0 ? 0 : LEAF;
	const uint64_t end = level > 1 ? 0 : half == 0 ? private_entry(first, leaf) : shared_entry(first, leaf);

	return level != 0 && path[half][level - 1] != 0 ? table_entry(path[half][level - 1]) : end;
}

static void find_entries(void)
{
	for (uint32_t half = 0; half < 2; half++) {
		for (uint32_t level = 0; level < LEVELS; level++) {
			for (uint32_t i = 0; i < ENTRIES; i++) {
				const bool on_way = level == 0 || i == place_base / (SMALL << level) % ENTRIES;

				on_the_way[half][level][i] = on_way ? path[half][level] : 0;
				entries[half][level][i] = entry_of(half, level, i);
			}
		}
	}
}

/* What lies at a page's entry @i now: of a table on the way what the specification says, else what was there. */
static uint64_t contents_of(uint32_t page, uint32_t i)
{
	uint64_t contents = page == TOP ? table_entry(path[i][LEVELS - 1]) : memory_before[page][i];

	for (uint32_t half = 0; half < 2; half++) {
		for (uint32_t level = 0; level < LEVELS; level++)
			contents = page == on_the_way[half][level][i] ? entries[half][level][i] : contents;
	}
	return contents;
}

static void make_memory(void)
{
	find_entries();
	for (uint32_t page = 1; page < PAGES; page++) {
		for (uint32_t i = 0; i < ENTRIES; i++) {
			const uint64_t contents = contents_of(page, i);

			memory_before[page][i] = memory[page][i] = before[page] == 0 ? 0 : contents;
		}
	}
}

#endif
