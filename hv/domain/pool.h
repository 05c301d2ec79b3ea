/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pool: memory for domains, hidden from the root guest and from devices. Its first pages hold a
 * record for each page. The hypervisor maps none of it: a page is reached through a window of the
 * CPU, for the time of one use, so that nothing else of the pool can be read by speculation.
 *
 * A page belongs to one object at most. It is wiped before its record says PAGE_FREE; nothing reads
 * a page that is free.
 */
#ifndef CLOISTER_DOMAIN_POOL_H
#define CLOISTER_DOMAIN_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "cloister/boot_info.h"
#include "memory/address.h"
#include "memory/window.h"

enum page_kind {
	PAGE_FREE,
	PAGE_RECORDS, /* of the pool itself */
	PAGE_DOMAIN,
	PAGE_VCPU,
	PAGE_TABLE,
	PAGE_PRIVATE,
};

struct pool {
	paddr_t base;
	uint32_t pages; /* of all kinds */
};

/* One CPU's way to the pool. */
struct pool_view {
	const struct pool *pool;
	const struct paging *paging;
	uint32_t cpu;
};

/**
 * Wipes the pool and writes its records: all pages free but those of the records. Once, while all
 * memory is mapped one to one.
 * @range: checked by boot_info_check(); empty for none
 */
void pool_prepare(struct pool *pool, const struct boot_range *range);

/* Is there a page of this number? */
static inline bool pool_has(const struct pool_view *view, uint64_t page)
{
	return page < view->pool->pages;
}

/* The address of page @page, which exists. */
paddr_t pool_address(const struct pool *pool, uint32_t page);

/* Page @page, which exists, in a window of this CPU, until pool_close(). */
void *pool_open(const struct pool_view *view, enum window window, uint32_t page);
void pool_close(const struct pool_view *view, enum window window);

/**
 * Takes a page for an object of @owner, a domain's page. A domain's own page is locked from then
 * on.
 * Returns false where there is no such page or it is not free. Takes no lock: a record changes from
 * free in one step.
 */
bool pool_claim(const struct pool_view *view, uint32_t page, enum page_kind kind, uint32_t owner);

/* Wipes a page that is claimed, then frees it. */
void pool_free(const struct pool_view *view, uint32_t page);

/* Is @page a page of @kind that belongs to @owner? */
bool pool_is(const struct pool_view *view, uint32_t page, enum page_kind kind, uint32_t owner);

/* The kind of @page if it belongs to @owner, else PAGE_FREE. */
enum page_kind pool_kind(const struct pool_view *view, uint32_t page, uint32_t owner);

enum pool_lock { POOL_LOCKED, POOL_BUSY, POOL_ABSENT };

/**
 * Locks the domain whose page is @domain. The lock is in the record, so that no page that is free
 * is ever written to find out.
 * Returns POOL_ABSENT where there is no such domain, POOL_BUSY where another CPU has it. Does not
 * wait.
 */
enum pool_lock pool_lock_domain(const struct pool_view *view, uint32_t domain);
void pool_unlock_domain(const struct pool_view *view, uint32_t domain);

#endif
