/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of the pool and their records. */
#include "pool.h"

#include "lib/wipe.h"

/* A record: kind in bits 2:0, bit 3 locks a domain, the owner's page in bits 63:32. */
#define RECORD_KIND(record) ((enum page_kind)((record) & 7))
#define RECORD_LOCKED       (1ull << 3)
#define RECORD(kind, owner) ((uint64_t)(owner) << 32 | (kind))
#define RECORDS_PER_PAGE    (PAGE_BYTES / sizeof(uint64_t))

void pool_prepare(struct pool *pool, const struct boot_range *range)
{
	uint64_t *const records = region_pointer(paddr(range->base));

	pool->base = paddr(range->base);
	pool->pages = (uint32_t)(range->bytes / PAGE_BYTES);
	secure_wipe(records, range->bytes);
	for (uint64_t i = 0; i * RECORDS_PER_PAGE < pool->pages; i++)
		records[i] = RECORD(PAGE_RECORDS, 0);
}

paddr_t pool_address(const struct pool *pool, uint64_t page)
{
	return paddr(pool->base.value + page * PAGE_BYTES);
}

uint32_t pool_page(const struct pool *pool, paddr_t address)
{
	return (uint32_t)((address.value - pool->base.value) / PAGE_BYTES);
}

void *pool_open(const struct pool_view *view, enum window window, uint64_t page)
{
	return window_open(view->paging, view->cpu, window, pool_address(view->pool, page), true);
}

void pool_close(const struct pool_view *view, enum window window)
{
	window_close(view->paging, view->cpu, window);
}

/* The record of @page, in the window of records. */
static uint64_t *record_open(const struct pool_view *view, uint64_t page)
{
	uint64_t *const records = pool_open(view, WINDOW_RECORDS, page / RECORDS_PER_PAGE);

	return &records[page % RECORDS_PER_PAGE];
}

static uint64_t record_read(const struct pool_view *view, uint64_t page)
{
	if (!pool_has(view, page))
		return RECORD(PAGE_RECORDS, 0); /* without owner, and never free */
	const uint64_t record = __atomic_load_n(record_open(view, page), __ATOMIC_ACQUIRE);

	pool_close(view, WINDOW_RECORDS);
	return record;
}

/* Changes a record from @from to @to in one step. False: it is something else. */
static bool record_change(const struct pool_view *view, uint64_t page, uint64_t from, uint64_t to)
{
	if (!pool_has(view, page))
		return false;
	const bool changed = __atomic_compare_exchange_n(record_open(view, page), &from, to, false, __ATOMIC_ACQ_REL,
							 __ATOMIC_ACQUIRE);

	pool_close(view, WINDOW_RECORDS);
	return changed;
}

bool pool_claim(const struct pool_view *view, uint64_t page, enum page_kind kind, uint32_t owner)
{
	return record_change(view, page, RECORD(PAGE_FREE, 0),
			     RECORD(kind, owner) | (kind == PAGE_DOMAIN ? RECORD_LOCKED : 0));
}

void pool_free(const struct pool_view *view, uint64_t page)
{
	secure_wipe_through(pool_open(view, WINDOW_TARGET, page), PAGE_BYTES);
	pool_close(view, WINDOW_TARGET);
	__atomic_store_n(record_open(view, page), RECORD(PAGE_FREE, 0), __ATOMIC_RELEASE);
	pool_close(view, WINDOW_RECORDS);
}

bool pool_is_part(const struct pool_view *view, uint64_t page, uint32_t domain)
{
	const uint64_t record = record_read(view, page);

	return record >> 32 == domain && RECORD_KIND(record) > PAGE_DOMAIN;
}

void pool_list_domains(const struct pool_view *view, uint64_t first, struct domain_list *list)
{
	const uint64_t bound = (first / RECORDS_PER_PAGE + DOMAIN_CALL_PAGES) * RECORDS_PER_PAGE;
	const uint64_t end = bound < view->pool->pages ? bound : view->pool->pages;
	uint64_t page = first;

	*list = (struct domain_list){.version = 1, .bytes = sizeof(*list)};
	while (page < end && list->count < DOMAIN_LIST_MAX) {
		const uint64_t *const records = pool_open(view, WINDOW_RECORDS, page / RECORDS_PER_PAGE);

		for (uint64_t at = page % RECORDS_PER_PAGE;
		     at < RECORDS_PER_PAGE && page < end && list->count < DOMAIN_LIST_MAX; at++, page++) {
			if (RECORD_KIND(__atomic_load_n(&records[at], __ATOMIC_RELAXED)) == PAGE_DOMAIN)
				list->domain[list->count++] = (uint32_t)page;
		}
		pool_close(view, WINDOW_RECORDS);
	}
	list->next = page < view->pool->pages ? (uint32_t)page : 0;
}

bool pool_has_contents(const struct pool_view *view, uint32_t page)
{
	const enum page_kind kind = RECORD_KIND(record_read(view, page));

	return kind == PAGE_DOMAIN || kind == PAGE_VCPU || kind == PAGE_PRIVATE;
}

enum pool_lock pool_lock_domain(const struct pool_view *view, uint64_t domain)
{
	const uint64_t idle = RECORD(PAGE_DOMAIN, domain);

	if (record_change(view, domain, idle, idle | RECORD_LOCKED))
		return POOL_LOCKED;
	return (record_read(view, domain) & ~RECORD_LOCKED) == idle ? POOL_BUSY : POOL_ABSENT; /* it may be idle now */
}

void pool_unlock_domain(const struct pool_view *view, uint64_t domain)
{
	__atomic_fetch_and(record_open(view, domain), ~RECORD_LOCKED, __ATOMIC_RELEASE);
	pool_close(view, WINDOW_RECORDS);
}
