/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables and pages of a domain's stage 2. */
#include "memory.h"

#include "measure.h"
#include "stage2_format.h"

#define TOP_LEVEL 4u

/*
 * The entry for @address in a table of @level, in the window of tables, which the caller closes;
 * null, and the window closed, where a table above is missing.
 */
static uint64_t *entry_open(const struct pool_view *view, const struct td *td, gpa_t address, unsigned level)
{
	paddr_t table = pool_address(view->pool, td->table);

	for (unsigned at = TOP_LEVEL;; at--) {
		uint64_t *const entries = window_open(view->paging, view->cpu, WINDOW_TABLE, table, true);
		uint64_t *const entry = &entries[address.value / stage2_span(at) % (PAGE_BYTES / sizeof(*entries))];

		if (at == level)
			return entry;
		const uint64_t value = *entry;

		pool_close(view, WINDOW_TABLE);
		if (!stage2_present(value) || stage2_is_leaf(value, at))
			return 0;
		table = stage2_address(value);
	}
}

/* Takes @page for an entry that is empty, and writes @value there. */
static int64_t fill_entry(const struct pool_view *view, struct td *td, uint64_t *entry, uint64_t page,
			  enum page_kind kind, uint64_t value)
{
	if (*entry != 0)
		return HC_E_MAPPING;
	if (!pool_claim(view, (uint32_t)page, kind, td->page))
		return HC_E_PAGE;
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
	td->pages++;
	return 0;
}

static int64_t set_entry(const struct pool_view *view, struct td *td, gpa_t address, unsigned level, uint64_t page,
			 enum page_kind kind, uint64_t value)
{
	uint64_t *const entry = entry_open(view, td, address, level);

	if (!entry)
		return HC_E_MAPPING;
	const int64_t result = fill_entry(view, td, entry, page, kind, value);

	pool_close(view, WINDOW_TABLE);
	return result;
}

int64_t domain_add_table(const struct pool_view *view, struct td *td, gpa_t address, uint64_t level, uint64_t page)
{
	if (td->state == DOMAIN_STOPPED)
		return HC_E_STATE;
	if (level > DOMAIN_LEVEL_1GIB || address.value >> DOMAIN_GPA_BITS != 0 ||
	    address.value % stage2_span((unsigned)level + 2) != 0)
		return HC_E_ARGUMENT;
	if (!pool_has(view, page))
		return HC_E_PAGE;
	const int64_t result = set_entry(view, td, address, (unsigned)level + 2, page, PAGE_TABLE,
					 stage2_table(pool_address(view->pool, (uint32_t)page)));

	td->tables += result == 0;
	return result;
}

static bool contains(const struct domain_range *range, gpa_t address)
{
	return address.value >= range->base && address.value - range->base < range->bytes;
}

/* Is there memory at @address while the domain is built? */
static bool is_memory(const struct td *td, gpa_t address)
{
	for (uint32_t i = 0; i < td->params.ram_count; i++) {
		if (contains(&td->params.ram[i], address))
			return true;
	}
	return contains(&td->params.firmware, address);
}

/* Copied once, then measured as it is in the domain. */
static void fill_page(const struct pool_view *view, struct td *td, gpa_t address, bool extend, uint32_t page,
		      paddr_t source)
{
	void *const contents = pool_open(view, WINDOW_TARGET, page);

	window_read(view->paging, view->cpu, source, contents, PAGE_BYTES);
	measure_page(&td->mrtd_hash, address);
	if (extend)
		measure_contents(&td->mrtd_hash, address, contents);
	pool_close(view, WINDOW_TARGET);
}

int64_t domain_add_page(const struct pool_view *view, struct td *td, gpa_t address, bool extend, uint64_t page,
			paddr_t source)
{
	if (td->state != DOMAIN_BUILDING)
		return HC_E_STATE;
	if ((address.value & PAGE_MASK) != 0 || !is_memory(td, address))
		return HC_E_ARGUMENT;
	if (!pool_has(view, page))
		return HC_E_PAGE;
	const int64_t result = set_entry(view, td, address, 1, page, PAGE_PRIVATE,
					 stage2_private(pool_address(view->pool, (uint32_t)page)));

	if (result != 0)
		return result;
	fill_page(view, td, address, extend, (uint32_t)page, source);
	td->private_pages++;
	return 0;
}
