/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Second-level page tables: identity map, and holes in it. */
#include "stage2.h"

#include "stage2_format.h"

#define ENTRIES 512u

static uint64_t *entry_of(paddr_t table, unsigned level, uint64_t address)
{
	uint64_t *const entries = region_pointer(table);

	return &entries[address / stage2_span(level) % ENTRIES];
}

static uint32_t covered_bits(uint32_t phys_bits)
{
	return phys_bits > 48 ? 48 : phys_bits;
}

uint64_t stage2_directory_pages(uint32_t phys_bits)
{
	const uint32_t bits = covered_bits(phys_bits);

	return 1 + (bits > 39 ? 1ull << (bits - 39) : 1);
}

static bool split(struct stage2 *stage2, uint64_t *entry, uint64_t base, unsigned level);

/* Writes the entry of @level that maps what it covers, from @base, one to one: a leaf, or a table if types differ. */
static bool map_identity(struct stage2 *stage2, uint64_t *entry, uint64_t base, unsigned level)
{
	unsigned type;

	if (!stage2_type(stage2->vendor, paddr(base), stage2_span(level), &type))
		return split(stage2, entry, base, level);
	__atomic_store_n(entry, stage2_leaf(stage2->vendor, paddr(base), level, type), __ATOMIC_RELEASE);
	return true;
}

/* Puts a table at @entry of @level, in place of a leaf or of nothing. The entry is written last. */
static bool split(struct stage2 *stage2, uint64_t *entry, uint64_t base, unsigned level)
{
	const paddr_t table = region_take(&stage2->tables, 1);

	if (table.value == 0)
		return false;
	for (uint64_t at = base; at < base + stage2_span(level); at += stage2_span(level - 1)) {
		if (!map_identity(stage2, entry_of(table, level - 1, at), at, level - 1))
			return false;
	}
	__atomic_store_n(entry, stage2_table(table), __ATOMIC_RELEASE);
	return true;
}

enum hv_error stage2_build_identity(struct stage2 *stage2, uint32_t phys_bits, struct region directories,
				    const struct vendor_machine *vendor)
{
	stage2->bits = covered_bits(phys_bits);
	stage2->tables = directories;
	stage2->vendor = vendor;
	stage2->sealed = false;
	stage2->root = region_take(&stage2->tables, 1);

	const uint64_t end = 1ull << stage2->bits;

	for (uint64_t base = 0; base < end; base += stage2_span(4)) {
		const paddr_t directory = region_take(&stage2->tables, 1);

		for (uint64_t at = base; at < end && at < base + stage2_span(4); at += stage2_span(3)) {
			if (!map_identity(stage2, entry_of(directory, 3, at), at, 3))
				return HV_E_STAGE2_FULL;
		}
		*entry_of(stage2->root, 4, base) = stage2_table(directory);
	}
	return HV_OK;
}

enum change { HIDE, WRITE_PROTECT, LIMIT_2MIB, LIMIT_4KIB };

/* Is the change made in @entry of @level itself, and not below it? */
static bool in_place(uint64_t entry, unsigned level, enum change change)
{
	if (change == HIDE)
		return true;
	if (change == WRITE_PROTECT)
		return stage2_is_leaf(entry, level);
	return level == 1 || (change == LIMIT_2MIB && level == 2 && stage2_is_leaf(entry, level));
}

static uint64_t changed(uint64_t entry, enum change change)
{
	if (change == HIDE)
		return 0;
	return change == WRITE_PROTECT ? stage2_read_only(entry) : entry;
}

/*
 * Changes what lies of [base, end) under @table, whose entries are of @level. The depth is that of the tables.
 */
static enum hv_error change_in(struct stage2 *stage2, paddr_t table, unsigned level, uint64_t base, uint64_t end,
			       enum change change)
{
	while (base < end) {
		uint64_t *const entry = entry_of(table, level, base);
		const uint64_t start = base & ~(stage2_span(level) - 1), next = start + stage2_span(level);
		const uint64_t stop = next < end ? next : end;
		const bool whole = stop - base == next - start;

		if (whole && in_place(*entry, level, change)) {
			*entry = changed(*entry, change);
		} else if (stage2_present(*entry)) {
			if (stage2_is_leaf(*entry, level) && !split(stage2, entry, start, level))
				return HV_E_STAGE2_FULL;
			const enum hv_error error =
				change_in(stage2, stage2_address(*entry), level - 1, base, stop, change);
			if (error != HV_OK)
				return error;
		}
		base = stop;
	}
	return HV_OK;
}

/* No TLB is flushed for a change here, so nothing changes once a guest may have run. */
static enum hv_error change_range(struct stage2 *stage2, uint64_t base, uint64_t end, enum change change)
{
	return stage2->sealed ? HV_E_STAGE2_SEALED : change_in(stage2, stage2->root, 4, base, end, change);
}

enum hv_error stage2_hide(struct stage2 *stage2, gpa_t base, uint64_t bytes)
{
	return change_range(stage2, base.value, base.value + bytes, HIDE);
}

enum hv_error stage2_write_protect(struct stage2 *stage2, gpa_t base, uint64_t bytes)
{
	return change_range(stage2, base.value, base.value + bytes, WRITE_PROTECT);
}

enum hv_error stage2_limit_leaves(struct stage2 *stage2, const struct boot_info *boot, uint64_t bytes)
{
	const enum change change = bytes == BOOT_LEAF_4KIB ? LIMIT_4KIB : LIMIT_2MIB;
	enum hv_error error = HV_OK;

	for (uint32_t i = 0; error == HV_OK && i < boot->ram_count; i++) {
		const uint64_t base = boot->ram[i].base, last = base + boot->ram[i].bytes - 1;

		error = change_range(stage2, base & ~(stage2_span(3) - 1), (last | (stage2_span(3) - 1)) + 1, change);
	}
	return error;
}

/* Redirects the write-protected ones of @entries, a table of 4 KiB leaves, to @scratch. */
static void redirect(const struct stage2 *stage2, uint64_t *entries, paddr_t scratch)
{
	unsigned type;

	(void)stage2_type(stage2->vendor, scratch, PAGE_BYTES, &type); /* of one page: it has one */
	for (unsigned i = 0; i < ENTRIES; i++) {
		if (stage2_present(entries[i]) && stage2_read_only(entries[i]) == entries[i])
			entries[i] = stage2_leaf(stage2->vendor, scratch, 1, type);
	}
}

static paddr_t copy_table(struct region *region, paddr_t table)
{
	const paddr_t copy = region_take(region, 1);

	if (copy.value != 0)
		__builtin_memcpy(region_pointer(copy), region_pointer(table), PAGE_BYTES);
	return copy;
}

/* Diverts the 2 MiB at @address in the view at @view: a table on the way is copied when it is still the guest's own. */
static bool divert(const struct stage2 *stage2, struct region *region, paddr_t view, uint64_t address, paddr_t scratch)
{
	paddr_t table = stage2->root;

	for (unsigned level = 4; level > 1; level--) {
		const uint64_t original = *entry_of(table, level, address);
		uint64_t *const entry = entry_of(view, level, address);

		if (!stage2_present(original) || stage2_is_leaf(original, level))
			return true; /* hidden: nothing is write-protected there */
		table = stage2_address(original);
		if (*entry == original) {
			const paddr_t copy = copy_table(region, table);

			if (copy.value == 0)
				return false;
			*entry = stage2_table(copy);
		}
		view = stage2_address(*entry);
	}
	redirect(stage2, region_pointer(view), scratch);
	return true;
}

enum hv_error stage2_build_detour(const struct stage2 *stage2, struct region *region, const struct boot_floor *floor,
				  paddr_t *root)
{
	const paddr_t scratch = region_take(region, 1);

	*root = copy_table(region, stage2->root);
	if (root->value == 0 || scratch.value == 0)
		return HV_E_REGION;
	for (uint32_t i = 0; i < floor->range_count; i++) {
		const uint64_t end = floor->range[i].base + floor->range[i].bytes;

		for (uint64_t at = floor->range[i].base & ~(stage2_span(2) - 1); at < end; at += stage2_span(2)) {
			if (!divert(stage2, region, *root, at, scratch))
				return HV_E_REGION;
		}
	}
	return HV_OK;
}

paddr_t stage2_first_table(const struct stage2 *stage2)
{
	return stage2_address(*entry_of(stage2->root, 4, 0));
}

uint64_t stage2_walk(const struct stage2 *stage2, gpa_t address, unsigned *level)
{
	paddr_t table = stage2->root;

	if (address.value >> stage2->bits != 0)
		return 0;
	for (*level = 4;; (*level)--) {
		const uint64_t entry = *entry_of(table, *level, address.value);

		if (!stage2_present(entry))
			return 0;
		if (stage2_is_leaf(entry, *level))
			return entry;
		table = stage2_address(entry);
	}
}
