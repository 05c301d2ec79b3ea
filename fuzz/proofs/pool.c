/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/pool.c: every transition of a page's record, for every pool, every page number and every content of its page
 * of records. What another CPU changes at the same time is one of these contents: each transition is one atomic step.
 * Where a page becomes free it was wiped before; records of other pages stay; windows are open one at a time, and
 * closed afterwards. Assumed: a page that exists has one of the first 16 records of its page of records, which are
 * all that CBMC is given of it; secure_wipe_through() does what its name says.
 */
#include "proof.h"

#include "domain/pool.h"
#include "lib/wipe.h"

#define PER_PAGE 512u
#define SLOTS    16u
#define LOCKED   8u

/* A record by number, so a wrong constant of pool.c is not repeated here. */
static uint64_t record_of(uint64_t kind, uint64_t owner)
{
	return owner << 32 | kind;
}

static struct pool pool;
static struct pool_view view = {.pool = &pool};
static uint64_t records[SLOTS];
static uint64_t contents[1]; /* only its address is looked at */
static uint64_t page, before, other, other_before;
static uint32_t wipes;
static bool open[WINDOWS_PER_CPU];

static uint64_t record(void)
{
	return records[page % SLOTS];
}

/* The page of records that has the page's own one, or the page itself to wipe it. */
void *window_open(const struct paging *paging, uint32_t cpu, enum window window, paddr_t at, bool writable)
{
	const uint64_t number = window == WINDOW_RECORDS ? page / PER_PAGE : page;

	PROVE(window == WINDOW_RECORDS || window == WINDOW_TARGET);
	PROVE(!open[WINDOW_RECORDS] && !open[WINDOW_TARGET] && writable);
	PROVE(page < pool.pages && at.value == pool.base.value + number * 4096);
	open[window] = true;
	return window == WINDOW_RECORDS ? (void *)records : contents;
}

void window_close(const struct paging *paging, uint32_t cpu, enum window window)
{
	PROVE(open[window]);
	open[window] = false;
}

/* While the record does not say yet that it is free. */
void secure_wipe_through(void *memory, size_t bytes)
{
	PROVE(memory == contents && bytes == 4096 && open[WINDOW_TARGET]);
	PROVE(record() == before);
	wipes++;
}

/* The pool lies below the width of addresses; its page numbers fit 32 bits (boot_info.c). */
static void set_up(void)
{
	uint64_t base;
	uint32_t pages;

	pool.base.value = base;
	pool.pages = pages;
	__CPROVER_havoc_object(records);
	__CPROVER_havoc_object(&page);
	__CPROVER_havoc_object(&other);
	ASSUME((pool.base.value & 4095) == 0 && pool.base.value < 1ull << 47);
	ASSUME(page >= pages || page % PER_PAGE < SLOTS);
	ASSUME(other < SLOTS && other != page % PER_PAGE);
	before = record();
	other_before = records[other];
}

/* @after: what the record says now, where there is one. */
static void check(uint64_t after, bool wiped)
{
	PROVE(!open[WINDOW_RECORDS] && !open[WINDOW_TARGET]);
	PROVE(record() == after && records[other] == other_before);
	PROVE(wipes == (wiped ? 1 : 0));
}

void prove_pool_claim(void)
{
	enum page_kind kind;
	uint32_t owner;

	set_up();
	ASSUME(kind >= PAGE_DOMAIN && kind <= PAGE_PRIVATE);
	const bool free = page < pool.pages && before == 0;

	PROVE(pool_claim(&view, page, kind, owner) == free);
	check(free ? record_of(kind, owner) | (kind == PAGE_DOMAIN ? LOCKED : 0) : before, false);
	REACHABLE(free && kind == PAGE_DOMAIN);
	REACHABLE(free && page >= PER_PAGE);
	REACHABLE(page >= pool.pages);
	REACHABLE(page < pool.pages && before != 0);
}

void prove_pool_free(void)
{
	set_up();
	ASSUME(page < pool.pages && before != 0);
	pool_free(&view, page);
	check(0, true);
	REACHABLE(before == (record_of(PAGE_DOMAIN, page) | LOCKED));
}

/* A lock is taken where the domain is there and not locked, and nowhere else; unlocking leaves the rest. */
void prove_pool_lock(void)
{
	set_up();
	const uint64_t idle = record_of(PAGE_DOMAIN, page);
	const bool there = page < pool.pages && (before == idle || before == (idle | LOCKED));
	const enum pool_lock lock = pool_lock_domain(&view, page);

	PROVE((lock == POOL_ABSENT) == !there);
	PROVE((lock == POOL_LOCKED) == (there && before == idle));
	check(lock == POOL_LOCKED ? idle | LOCKED : before, false);
	REACHABLE(lock == POOL_BUSY);
	REACHABLE(lock == POOL_ABSENT && page < pool.pages && before != 0);
	if (lock != POOL_LOCKED)
		return;
	pool_unlock_domain(&view, page);
	check(idle, false);
	REACHABLE(page >= PER_PAGE);
}

void prove_pool_look(void)
{
	uint32_t domain;

	set_up();
	const uint64_t kind = before & 7;
	const bool part = pool_is_part(&view, page, domain);

	ASSUME(domain != 0); /* page 0 has records */
	PROVE(part == (page < pool.pages && before >> 32 == domain && kind > PAGE_DOMAIN));
	check(before, false);
	REACHABLE(part);
	if (page > UINT32_MAX)
		return;
	const bool has = pool_has_contents(&view, (uint32_t)page);

	PROVE(has == (page < pool.pages && (kind == PAGE_DOMAIN || kind == PAGE_VCPU || kind == PAGE_PRIVATE)));
	check(before, false);
	REACHABLE(has);
}
