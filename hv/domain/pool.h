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

#include "cloister/domain.h"
#include "memory/window.h"
#include "vcpu/guest.h"

enum page_kind {
	PAGE_FREE,
	PAGE_RECORDS, /* of the pool itself */
	PAGE_DOMAIN,
	PAGE_VCPU, /* from here on: parts of a domain */
	PAGE_TABLE,
	PAGE_PRIVATE,
};

struct pool {
	paddr_t base;
	uint32_t pages; /* of all kinds */
	bool closed;    /* atomic: the machine ends, and no domain runs any more */
	bool wiping;    /* atomic: all CPUs that can wipe what domains had */
	struct guest_setup guest;
};

struct cpu;

/* One CPU's way to the pool. */
struct pool_view {
	const struct pool *pool;
	const struct paging *paging;
	uint32_t cpu;
	struct cpu *const *cpus; /* all of them, by index */
};

/**
 * Wipes the pool and writes its records: all pages free but those of the records. Once, while all
 * memory is mapped one to one.
 * @range: checked by boot_info_check(); empty for none
 */
void pool_prepare(struct pool *pool, const struct boot_range *range);

/**
 * What domains have in common, by what the CPU has (setup.c). Once, while all memory is mapped one to one.
 * @pages: VENDOR_DOMAIN_PAGES zeroed pages
 */
void guest_prepare(struct guest_setup *setup, paddr_t pages, uint32_t phys_bits);

/* Is there a page of this number? */
static inline bool pool_has(const struct pool_view *view, uint64_t page)
{
	return page < view->pool->pages;
}

/* Is it over? Looked at after a domain was claimed or a CPU has said that it is in a guest: the end waits for both. */
static inline bool pool_is_closed(const struct pool_view *view)
{
	return __atomic_load_n(&view->pool->closed, __ATOMIC_SEQ_CST);
}

/* The address of page @page, which exists, and the page at an address of the pool. */
paddr_t pool_address(const struct pool *pool, uint64_t page);
uint32_t pool_page(const struct pool *pool, paddr_t address);

/* Page @page, which exists, in a window of this CPU, until pool_close(). */
void *pool_open(const struct pool_view *view, enum window window, uint64_t page);
void pool_close(const struct pool_view *view, enum window window);

/**
 * Takes a page for an object of @owner, a domain's page. A domain's own page is locked from then
 * on.
 * Returns false where there is no such page or it is not free. Takes no lock: a record changes from
 * free in one step.
 */
bool pool_claim(const struct pool_view *view, uint64_t page, enum page_kind kind, uint32_t owner);

/* Wipes a page that is claimed, in memory too: a reset drops what is in caches. Then frees it. */
void pool_free(const struct pool_view *view, uint64_t page);

/* Does @page belong to @domain, other than as its own one? */
bool pool_is_part(const struct pool_view *view, uint64_t page, uint32_t domain);

/* Which pages from @first on are domains, as HV_OBJECT_DOMAINS has it. Without a lock: they may come and go. */
void pool_list_domains(const struct pool_view *view, uint64_t first, struct domain_list *list);

/* Has @page what is a guest's: memory, registers, measurements? */
bool pool_has_contents(const struct pool_view *view, uint32_t page);

enum pool_lock { POOL_LOCKED, POOL_BUSY, POOL_ABSENT };

/**
 * Locks the domain whose page is @domain. The lock is in the record, so that no page that is free
 * is ever written to find out.
 * Returns POOL_ABSENT where there is no such domain, POOL_BUSY where another CPU has it. Does not
 * wait.
 */
enum pool_lock pool_lock_domain(const struct pool_view *view, uint64_t domain);
void pool_unlock_domain(const struct pool_view *view, uint64_t domain);

#endif
