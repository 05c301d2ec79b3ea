/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables and pages of a domain's stage 2. */
#include "memory.h"

#include "measure.h"
#include "guest_format.h"

#define TOP_LEVEL 4u
#define ENTRIES   512u

/*
 * What a private entry says that has neither leaf nor table (SDM 3C 28.3.2; APM 2 15.25.5: ignored
 * there). With an address: a page that the guest cannot reach.
 */
#define HAD_PAGE (1ull << 52) /* the next one has to be accepted */
#define PENDING  (1ull << 53) /* has a page, which is not accepted */
#define RELEASED (1ull << 54) /* the guest wants a shared page */
#define BLOCKED  (1ull << 55) /* has a page, which goes once no CPU can reach it */

/* An entry: where it is, and what it says. */
struct slot {
	paddr_t table;
	uint64_t index, entry;
	unsigned level;
};

static bool is_table(uint64_t entry, unsigned level)
{
	return stage2_present(entry) && !stage2_is_leaf(entry, level);
}

static bool has_page(uint64_t entry)
{
	return stage2_present(entry) || (entry & (PENDING | BLOCKED)) != 0;
}

/*
 * The entry for @address of @level, or the one above where no table leads further. Each is read once: the walk for a
 * guest's code holds no lock.
 */
static struct slot slot_find(const struct pool_view *view, const struct td *td, gpa_t address, unsigned level)
{
	struct slot slot = {.table = pool_address(view->pool, td->table), .level = TOP_LEVEL};

	for (;; slot.level--) {
		const uint64_t *const entries = window_open(view->paging, view->cpu, WINDOW_TABLE, slot.table, false);

		slot.index = address.value / stage2_span(slot.level) % ENTRIES;
		slot.entry = __atomic_load_n(&entries[slot.index], __ATOMIC_ACQUIRE);
		pool_close(view, WINDOW_TABLE);
		if (slot.level == level || !is_table(slot.entry, slot.level))
			return slot;
		slot.table = stage2_address(slot.entry);
	}
}

/* Of 4 KiB, in an entry. */
static uint32_t pages_at(unsigned level)
{
	return (uint32_t)(stage2_span(level) / PAGE_BYTES);
}

static void write_entry(uint64_t *entry, uint64_t value)
{
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

static void slot_write(const struct pool_view *view, struct slot slot, uint64_t value)
{
	uint64_t *const entries = window_open(view->paging, view->cpu, WINDOW_TABLE, slot.table, true);

	write_entry(&entries[slot.index], value);
	pool_close(view, WINDOW_TABLE);
}

static void give_back(const struct pool_view *view, struct td *td, paddr_t first, uint64_t bytes)
{
	for (uint64_t at = 0; at < bytes; at += PAGE_BYTES)
		pool_free(view, pool_page(view->pool, paddr(first.value + at)));
	td->info.pages -= (uint32_t)(bytes / PAGE_BYTES);
	td->info.private_pages -= (uint32_t)(bytes / PAGE_BYTES);
}

/* The entry below one that has no table: of a page, its part; otherwise what it says. */
static uint64_t part_of(uint64_t entry, uint64_t index)
{
	if (!has_page(entry))
		return entry;
	const paddr_t page = paddr(stage2_address(entry).value + index * PAGE_BYTES);

	return stage2_present(entry) ? stage2_private(page, 1) : page.value | (entry & (PENDING | HAD_PAGE));
}

static void fill_table(const struct pool_view *view, uint64_t page, uint64_t entry)
{
	uint64_t *const entries = pool_open(view, WINDOW_TARGET, page);

	for (unsigned i = 0; i < ENTRIES; i++)
		entries[i] = part_of(entry, i);
	pool_close(view, WINDOW_TARGET);
}

/*
 * Only private entries of 2 MiB have something to hand down: tables above them come before all pages, and what a
 * shared leaf would hand down is the host's, never to be executed.
 */
static int64_t put_table(const struct pool_view *view, struct td *td, struct place place, uint64_t page)
{
	const bool shared = (place.address.value & td_shared_bit(td)) != 0;
	const struct slot slot = slot_find(view, td, place.address, place.level + 1);

	if (slot.level != place.level + 1 ||
	    (stage2_present(slot.entry) && (shared || is_table(slot.entry, slot.level))))
		return HC_E_MAPPING;
	if ((slot.entry & BLOCKED) != 0)
		return HC_E_BUSY;
	if (!domain_claim(view, td, page, 1, PAGE_TABLE))
		return HC_E_PAGE;
	if (slot.entry != 0)
		fill_table(view, page, slot.entry);
	slot_write(view, slot, stage2_table(pool_address(view->pool, page)));
	td->info.tables++;
	return 0;
}

int64_t domain_add_table(const struct pool_view *view, struct td *td, struct place place, uint64_t page)
{
	if (td->info.state == DOMAIN_STOPPED)
		return HC_E_STATE;
	if (place.level >= TOP_LEVEL || place.address.value >> td->gpa_bits != 0 ||
	    place.address.value % stage2_span(place.level + 1) != 0)
		return HC_E_ARGUMENT;
	return pool_has(view, page) ? put_table(view, td, place, page) : HC_E_PAGE;
}

static bool contains(const struct domain_range *range, gpa_t address, uint64_t bytes)
{
	return address.value >= range->base && bytes <= range->bytes &&
	       address.value - range->base <= range->bytes - bytes;
}

bool domain_is_ram(const struct td *td, gpa_t address, uint64_t bytes)
{
	for (uint32_t i = 0; i < td->info.params.ram_count; i++) {
		if (contains(&td->info.params.ram[i], address, bytes))
			return true;
	}
	return false;
}

/* 4 KiB or 2 MiB of the domain's RAM. */
static bool is_ram_page(const struct td *td, struct place place)
{
	return place.level <= 2 && place.address.value % stage2_span(place.level) == 0 &&
	       domain_is_ram(td, place.address, stage2_span(place.level));
}

/* The calls that change memory while the guest runs. */
static int64_t check_running(const struct td *td, struct place place)
{
	if (td->info.state != DOMAIN_READY)
		return HC_E_STATE;
	return is_ram_page(td, place) ? 0 : HC_E_ARGUMENT;
}

/* Pages of the pool from @page on become those at @place: pending, or private where nothing has to be accepted. */
static int64_t put_pages(const struct pool_view *view, struct td *td, struct place place, uint64_t page, bool accepted)
{
	const uint32_t count = pages_at(place.level);
	const struct slot slot = slot_find(view, td, place.address, place.level);
	const uint64_t first = pool_address(view->pool, page).value;

	if (slot.level != place.level || (slot.entry & ~HAD_PAGE) != 0)
		return HC_E_MAPPING;
	if (!domain_claim(view, td, page, count, PAGE_PRIVATE))
		return HC_E_PAGE;
	accepted = accepted && slot.entry == 0;
	slot_write(view, slot, accepted ? stage2_private(paddr(first), slot.level) : first | PENDING | HAD_PAGE);
	td->info.private_pages += count;
	td->info.pending_pages += accepted ? 0 : count;
	return 0;
}

/* Copied once, then measured as it is in the domain. */
static void fill_page(const struct pool_view *view, struct td *td, uint64_t address, uint64_t page, paddr_t source)
{
	void *const contents = pool_open(view, WINDOW_TARGET, page);
	const gpa_t at = gpa(address & ~DOMAIN_EXTEND);

	window_read(view->paging, view->cpu, source, contents, PAGE_BYTES);
	measure_page(&td->mrtd_hash, at);
	if ((address & DOMAIN_EXTEND) != 0)
		measure_contents(&td->mrtd_hash, at, contents);
	pool_close(view, WINDOW_TARGET);
}

int64_t domain_add_page(const struct pool_view *view, struct td *td, uint64_t address, uint64_t page, paddr_t source)
{
	const struct place place = {gpa(address & ~DOMAIN_EXTEND), 1};

	if (td->info.state != DOMAIN_BUILDING)
		return HC_E_STATE;
	if (!is_ram_page(td, place) &&
	    ((place.address.value & PAGE_MASK) != 0 || !contains(&td->info.params.firmware, place.address, PAGE_BYTES)))
		return HC_E_ARGUMENT;
	const int64_t result = pool_has(view, page) ? put_pages(view, td, place, page, true) : HC_E_PAGE;

	if (result == 0)
		fill_page(view, td, address, page, source);
	return result;
}

int64_t domain_augment(const struct pool_view *view, struct td *td, struct place place, uint64_t page)
{
	const int64_t error = check_running(td, place);

	if (error != 0)
		return error;
	if (!pool_has(view, page) || pool_address(view->pool, page).value % stage2_span(place.level) != 0)
		return HC_E_PAGE;
	return put_pages(view, td, place, page, td->lazy);
}

/*
 * Takes what an entry has away, its page or the host's, in two steps: first no new translation, then, once no CPU has
 * an old one, the page.
 * @left: what the entry says afterwards
 */
static enum memory_answer take_page(const struct pool_view *view, struct td *td, struct slot slot, uint64_t left)
{
	const paddr_t page = stage2_address(slot.entry);

	if (stage2_present(slot.entry)) {
		slot.entry = page.value | BLOCKED | HAD_PAGE;
		slot_write(view, slot, slot.entry);
		domain_start_flush(td);
	}
	if ((slot.entry & (BLOCKED | RELEASED)) != 0 && !domain_is_flushed(view, td))
		return MEMORY_REPEAT;
	if ((slot.entry & PENDING) != 0)
		td->info.pending_pages -= pages_at(slot.level);
	if (has_page(slot.entry))
		give_back(view, td, page, stage2_span(slot.level));
	slot_write(view, slot, left);
	return MEMORY_DONE;
}

int64_t domain_remove_page(const struct pool_view *view, struct td *td, struct place place)
{
	const int64_t error = check_running(td, place);

	if (error != 0)
		return error;
	const struct slot slot = slot_find(view, td, place.address, place.level);

	if (slot.level != place.level || !has_page(slot.entry) || is_table(slot.entry, slot.level))
		return HC_E_MAPPING;
	if (take_page(view, td, slot, HAD_PAGE) != MEMORY_DONE)
		return HC_E_BUSY;
	td->removed_pages += pages_at(slot.level);
	return pages_at(slot.level);
}

/* What a request for one entry of its size gets. */
static enum memory_answer accept_entry(struct td *td, uint64_t *entry, unsigned level)
{
	if (stage2_present(*entry))
		return MEMORY_ALREADY;
	if ((*entry & RELEASED) != 0)
		return MEMORY_INVALID;
	if ((*entry & PENDING) == 0)
		return (*entry & BLOCKED) != 0 ? MEMORY_REPEAT : MEMORY_NO_PAGE;
	write_entry(entry, stage2_private(stage2_address(*entry), level));
	td->info.pending_pages -= pages_at(level);
	return MEMORY_DONE;
}

/*
 * 2 MiB of 4 KiB each: all or none. Pages of the pool are zero, so that accepting writes entries only.
 * @address: of the first; of the page that the answer is about
 */
static enum memory_answer accept_table(struct td *td, uint64_t entries[ENTRIES], gpa_t *address)
{
	unsigned private = 0;

	for (unsigned i = 0; i < ENTRIES; i++) {
		if (!has_page(entries[i]) || (entries[i] & BLOCKED) != 0) {
			address->value += i * PAGE_BYTES;
			return accept_entry(td, &entries[i], 1);
		}
		private += stage2_present(entries[i]);
	}
	if (private != 0)
		return private == ENTRIES ? MEMORY_ALREADY : MEMORY_MIXED;
	for (unsigned i = 0; i < ENTRIES; i++)
		(void)accept_entry(td, &entries[i], 1);
	return MEMORY_DONE;
}

enum memory_answer domain_accept(const struct pool_view *view, struct td *td, gpa_t *address, uint64_t level)
{
	const struct place place = {*address, (unsigned)level + 1};

	if (!is_ram_page(td, place))
		return MEMORY_INVALID;
	const struct slot slot = slot_find(view, td, *address, 1);

	if (slot.level > place.level && (slot.entry & (PENDING | BLOCKED)) != 0)
		return MEMORY_NO_TABLE; /* a part of what the host gave as one */
	uint64_t *const entries = window_open(view->paging, view->cpu, WINDOW_TABLE, slot.table, true);
	const enum memory_answer answer = slot.level < place.level ? accept_table(td, entries, address)
								   : accept_entry(td, &entries[slot.index], slot.level);

	pool_close(view, WINDOW_TABLE);
	return answer;
}

/* Clears the shared entries from @address on; where one reaches further, as a whole: the host maps the rest again. */
static void clear_shared(const struct pool_view *view, struct td *td, gpa_t address, uint64_t bytes)
{
	const struct slot first = slot_find(view, td, gpa(address.value | td_shared_bit(td)), 1);
	const uint64_t end = first.index + (first.level == 1 ? bytes / PAGE_BYTES : 1);
	uint64_t *const entries = window_open(view->paging, view->cpu, WINDOW_TABLE, first.table, true);

	for (uint64_t i = first.index; i < end; i++) {
		if (!stage2_present(entries[i]))
			continue;
		write_entry(&entries[i], 0);
		td->info.shared_pages -= pages_at(first.level);
		domain_start_flush(td);
	}
	pool_close(view, WINDOW_TABLE);
}

enum memory_answer domain_convert(const struct pool_view *view, struct td *td, gpa_t address, uint64_t *bytes,
				  bool shared)
{
	if (!domain_is_ram(td, address, *bytes))
		return MEMORY_INVALID;
	const struct slot slot = slot_find(view, td, address, 1);

	if (slot.level > 2 || address.value % stage2_span(slot.level) != 0 || stage2_span(slot.level) > *bytes) {
		*bytes = 0; /* no table, or the entry reaches beyond */
		return MEMORY_NO_TABLE;
	}
	*bytes = stage2_span(slot.level);
	if (!shared)
		clear_shared(view, td, address, *bytes);
	if (shared == ((slot.entry & RELEASED) != 0))
		return MEMORY_DONE;
	return take_page(view, td, slot, shared ? RELEASED | HAD_PAGE : HAD_PAGE);
}

/* Has the guest released all of it? */
static bool is_released(const struct pool_view *view, const struct td *td, struct place place)
{
	const struct slot first = slot_find(view, td, place.address, 1);
	const uint64_t count = first.level == 1 ? pages_at(place.level) : 1;
	const uint64_t *const entries = window_open(view->paging, view->cpu, WINDOW_TABLE, first.table, false);
	uint64_t released = 0;

	for (uint64_t i = 0; i < count; i++)
		released += (entries[first.index + i] & RELEASED) != 0;
	pool_close(view, WINDOW_TABLE);
	return released == count;
}

int64_t domain_map_shared(const struct pool_view *view, struct td *td, struct place place, paddr_t source)
{
	const int64_t error = check_running(td, place);

	if (error != 0)
		return error;
	if (source.value % stage2_span(place.level) != 0)
		return HC_E_ARGUMENT;
	if (!is_released(view, td, place))
		return HC_E_MAPPING;
	const struct slot slot = slot_find(view, td, gpa(place.address.value | td_shared_bit(td)), place.level);

	if (slot.level != place.level || stage2_present(slot.entry))
		return HC_E_MAPPING;
	slot_write(view, slot, stage2_shared(source, slot.level));
	td->info.shared_pages += pages_at(slot.level);
	return 0;
}

int64_t domain_unmap_shared(const struct pool_view *view, struct td *td, struct place place)
{
	const int64_t error = check_running(td, place);

	if (error != 0)
		return error;
	clear_shared(view, td, place.address, stage2_span(place.level));
	return domain_is_flushed(view, td) ? 0 : HC_E_BUSY;
}

enum memory_state domain_memory_state(const struct pool_view *view, const struct td *td, gpa_t address)
{
	const uint64_t entry = slot_find(view, td, address, 1).entry;

	if (stage2_present(entry))
		return MEMORY_PRIVATE;
	if ((entry & RELEASED) != 0)
		return MEMORY_RELEASED;
	return (entry & PENDING) != 0 ? MEMORY_PENDING : MEMORY_ABSENT;
}

paddr_t domain_translate(const struct pool_view *view, const struct td *td, gpa_t address)
{
	const struct slot slot = slot_find(view, td, address, 1);

	if (!stage2_present(slot.entry))
		return paddr(0);
	return paddr(stage2_address(slot.entry).value + address.value % stage2_span(slot.level));
}
