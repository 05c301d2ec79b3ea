/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Second-level tables: the identity map, holes of every size and edge, and running out of pages. */
#include "hv_test.h"

#include "memory/stage2.h"
#include "stage2_format.h"

#define PAGES     1200u
#define PHYS_BITS 40u

static struct stage2 make(uint64_t pages, uint32_t phys_bits)
{
	struct stage2 stage2;
	void *const memory = aligned_alloc(PAGE_BYTES, pages * PAGE_BYTES);

	assert_non_null(memory);
	const struct region region = {(uintptr_t)memory, (uintptr_t)memory + pages * PAGE_BYTES};

	assert_int_equal(stage2_build_identity(&stage2, phys_bits, region, NULL), HV_OK);
	return stage2;
}

static void destroy(const struct stage2 *stage2)
{
	free(region_pointer(stage2->root));
}

static bool mapped(const struct stage2 *stage2, uint64_t address)
{
	unsigned level;
	const uint64_t entry = stage2_walk(stage2, gpa(address), &level);

	if (entry == 0)
		return false;
	const uint64_t span = 1ull << (12 + 9 * (level - 1));

	assert_int_equal(stage2_address(entry & ~(span - 1)).value, address & ~(span - 1));
	assert_int_equal(entry & 0xfff & ~(uint64_t)(NPT_PS | NPT_RW), NPT_P | NPT_US);
	return true;
}

static void identity_covers_all(void **state)
{
	(void)state;
	struct stage2 stage2 = make(PAGES, PHYS_BITS);
	unsigned level;

	for (uint64_t address = 0; address < 1ull << PHYS_BITS; address += (1ull << 30) - PAGE_BYTES)
		assert_true(mapped(&stage2, address));
	assert_true(mapped(&stage2, (1ull << PHYS_BITS) - 1));
	assert_false(mapped(&stage2, 1ull << PHYS_BITS));
	assert_false(mapped(&stage2, ~0ull));
	assert_int_not_equal(stage2_walk(&stage2, gpa(0), &level), 0);
	assert_int_equal(level, 3);
	destroy(&stage2);
}

static void every_physical_width_is_covered(void **state)
{
	(void)state;
	for (uint32_t bits = 36; bits <= 52; bits++) {
		const uint32_t covered = bits > 48 ? 48 : bits;
		struct stage2 stage2 = make(stage2_directory_pages(bits), bits);

		assert_true(mapped(&stage2, (1ull << covered) - PAGE_BYTES));
		assert_false(mapped(&stage2, 1ull << covered));
		assert_int_equal(stage2.tables.next, stage2.tables.end); /* exactly as many pages as announced */
		destroy(&stage2);
	}
}

/* Around a hole, every page of it is absent and its neighbours are there. */
static void check_hole(uint64_t base, uint64_t bytes)
{
	struct stage2 stage2 = make(PAGES, PHYS_BITS);
	const uint64_t step = bytes > (64u << 20) ? (1u << 20) + PAGE_BYTES : PAGE_BYTES;

	assert_int_equal(stage2_hide(&stage2, gpa(base), bytes), HV_OK);
	for (uint64_t at = base; at < base + bytes; at += step)
		assert_false(mapped(&stage2, at));
	assert_false(mapped(&stage2, base + bytes - 1));
	assert_true(base == 0 || mapped(&stage2, base - 1));
	assert_true(mapped(&stage2, base + bytes));
	destroy(&stage2);
}

static void hidden_ranges_are_unmapped_and_nothing_else(void **state)
{
	const uint64_t page = PAGE_BYTES, large = 2u << 20, huge = 1u << 30;

	(void)state;
	check_hole(0, page);
	check_hole(0xfed41000, 4 * page);
	check_hole(large, large);
	check_hole(huge, huge);
	check_hole(huge - page, 2 * page);
	check_hole(large - page, 2 * page);
	check_hole(huge - large, huge + 2 * large);
	check_hole(page, 3 * huge);
	check_hole((512ull << 30) - page, 2 * page);
}

/* Many overlapping holes against a plain bitmap of pages. */
static void overlapping_holes(void **state)
{
	enum { SPACE_PAGES = 4096 };
	const uint64_t base = (1u << 30) - SPACE_PAGES / 2 * PAGE_BYTES;
	static bool hidden[SPACE_PAGES];
	struct stage2 stage2 = make(PAGES, PHYS_BITS);
	uint32_t random = 12345;

	(void)state;
	for (int i = 0; i < 40; i++) {
		random = random * 1664525u + 1013904223u;
		const uint32_t first = random >> 8 & (SPACE_PAGES - 1);
		const uint32_t count = 1 + (random >> 20 & 127);

		for (uint32_t k = first; k < first + count && k < SPACE_PAGES; k++)
			hidden[k] = true;
		assert_int_equal(stage2_hide(&stage2, gpa(base + first * PAGE_BYTES),
					     (first + count > SPACE_PAGES ? SPACE_PAGES - first : count) * PAGE_BYTES),
				 HV_OK);
	}
	for (uint32_t i = 0; i < SPACE_PAGES; i++)
		assert_int_equal(mapped(&stage2, base + i * PAGE_BYTES), !hidden[i]);
	destroy(&stage2);
}

static bool writable(const struct stage2 *stage2, uint64_t address)
{
	unsigned level;

	return (stage2_walk(stage2, gpa(address), &level) & NPT_RW) != 0;
}

static void write_protected(void **state)
{
	struct stage2 stage2 = make(PAGES, PHYS_BITS);
	const uint64_t page = 0xe0000000, hole = 0xe0400000, large = 0xe0600000;
	unsigned level;

	(void)state;
	assert_int_equal(stage2_hide(&stage2, gpa(hole), PAGE_BYTES), HV_OK);
	assert_int_equal(stage2_write_protect(&stage2, gpa(page), PAGE_BYTES), HV_OK);
	assert_int_equal(stage2_write_protect(&stage2, gpa(hole), 2 * PAGE_BYTES), HV_OK);
	assert_int_equal(stage2_write_protect(&stage2, gpa(large), 1u << 21), HV_OK);
	assert_false(writable(&stage2, page));
	assert_int_equal(stage2_address(stage2_walk(&stage2, gpa(page), &level)).value, page);
	assert_true(writable(&stage2, page + PAGE_BYTES));
	assert_true(writable(&stage2, page - PAGE_BYTES));
	assert_int_equal(stage2_walk(&stage2, gpa(hole), &level), 0); /* hidden stays hidden */
	assert_false(writable(&stage2, hole + PAGE_BYTES));
	assert_true(writable(&stage2, hole + 2 * PAGE_BYTES));
	assert_false(writable(&stage2, large));
	assert_int_equal(stage2_first_table(&stage2).value,
			 stage2_address(*(uint64_t *)region_pointer(stage2.root)).value);
	destroy(&stage2);
}

/* 0 where nothing is mapped */
static unsigned level_of(const struct stage2 *stage2, uint64_t address)
{
	unsigned level;

	return mapped(stage2, address) && stage2_walk(stage2, gpa(address), &level) != 0 ? level : 0;
}

/*
 * In each GiB with RAM, holes and pages that are protected included; nowhere else. Exactly as many pages as
 * announced.
 */
static void limited_leaves(void **state)
{
	const uint64_t gib = 1u << 30, mib = 1u << 20;
	struct boot_info boot = {
		.ram_count = 4,
		.ram = {{0, 640 << 10}, {mib, gib + mib}, {gib + 4 * mib, mib}, {6 * gib - mib, 2 * mib}},
	};

	(void)state;
	for (boot.ram_leaf_bytes = BOOT_LEAF_2MIB; boot.ram_leaf_bytes >= BOOT_LEAF_4KIB; boot.ram_leaf_bytes /= 512) {
		const unsigned level = boot.ram_leaf_bytes == BOOT_LEAF_4KIB ? 1 : 2;
		const uint64_t extra = boot_ram_tables(&boot), count = stage2_directory_pages(PHYS_BITS) + extra;
		struct stage2 stage2 = make(count, PHYS_BITS);

		assert_int_equal(extra, level == 1 ? 4 * 513 : 4);
		assert_int_equal(stage2_limit_leaves(&stage2, &boot, boot.ram_leaf_bytes), HV_OK);
		assert_int_equal(stage2.tables.next, stage2.tables.end);
		for (uint64_t at = 0; at < 8 * gib; at += gib / 4 + PAGE_BYTES)
			assert_int_equal(level_of(&stage2, at),
					 at < 2 * gib || (at >= 5 * gib && at < 7 * gib) ? level : 3);
		assert_int_equal(stage2_limit_leaves(&stage2, &boot, boot.ram_leaf_bytes), HV_OK); /* nothing to do */
		destroy(&stage2);
	}
}

static void limited_around_holes(void **state)
{
	const struct boot_info boot = {.ram_count = 1, .ram = {{0, 4096}}};
	struct stage2 stage2 = make(PAGES, PHYS_BITS);
	const uint64_t hole = 4 << 20, page = 8 << 20;

	(void)state;
	assert_int_equal(stage2_hide(&stage2, gpa(hole), 2 << 20), HV_OK);
	assert_int_equal(stage2_write_protect(&stage2, gpa(page), PAGE_BYTES), HV_OK);
	assert_int_equal(stage2_limit_leaves(&stage2, &boot, BOOT_LEAF_2MIB), HV_OK);
	assert_int_equal(level_of(&stage2, page), 1);
	assert_int_equal(stage2_limit_leaves(&stage2, &boot, BOOT_LEAF_4KIB), HV_OK);
	assert_int_equal(level_of(&stage2, hole), 0);
	assert_int_equal(level_of(&stage2, hole - 1), 1);
	assert_int_equal(level_of(&stage2, hole + (2 << 20)), 1);
	assert_false(writable(&stage2, page));
	assert_true(writable(&stage2, page + PAGE_BYTES));
	destroy(&stage2);
}

static void out_of_pages(void **state)
{
	struct stage2 stage2 = make(stage2_directory_pages(PHYS_BITS) + 1, PHYS_BITS);

	(void)state;
	assert_int_equal(stage2_hide(&stage2, gpa(0x1000), PAGE_BYTES), HV_E_STAGE2_FULL);
	assert_int_equal(stage2_hide(&stage2, gpa(1ull << 31), 1ull << 30), HV_OK); /* a whole leaf needs no page */
	const struct boot_info boot = {.ram_count = 1, .ram = {{1u << 30, 1u << 30}}};

	assert_int_equal(stage2_limit_leaves(&stage2, &boot, BOOT_LEAF_2MIB), HV_E_STAGE2_FULL);
	destroy(&stage2);
}

/*
 * Only the write-protected pages of the floor lead elsewhere, in as many tables as it takes, and the view itself is
 * as it was.
 */
static void write_protected_pages_lead_elsewhere(void **state)
{
	const uint64_t page = 0xe0000000, hole = 0xe0009000, other = 0xe0200000, far = 1ull << 33;
	struct boot_floor floor = {.range_count = 5,
				   .range = {{page, PAGE_BYTES},
					     {page + 3 * PAGE_BYTES, PAGE_BYTES},
					     {other, PAGE_BYTES},
					     {hole, PAGE_BYTES},
					     {far, PAGE_BYTES}}};
	struct stage2 stage2 = make(PAGES, PHYS_BITS), detour = stage2;
	unsigned level;

	(void)state;
	assert_int_equal(stage2_write_protect(&stage2, gpa(page), PAGE_BYTES), HV_OK);
	assert_int_equal(stage2_write_protect(&stage2, gpa(page + 3 * PAGE_BYTES), PAGE_BYTES), HV_OK);
	assert_int_equal(stage2_hide(&stage2, gpa(hole), PAGE_BYTES), HV_OK);
	assert_int_equal(stage2_write_protect(&stage2, gpa(other), PAGE_BYTES), HV_OK);
	assert_int_equal(stage2_write_protect(&stage2, gpa(far), PAGE_BYTES), HV_OK);
	assert_int_equal(stage2_hide(&stage2, gpa(1ull << 32), 1ull << 30), HV_OK);
	const uint64_t nowhere = stage2.tables.next,
		       tables = 2 + 6; /* root; directory, two tables of two GiB, three of 2 MiB */

	assert_int_equal(stage2_build_detour(&stage2, &stage2.tables, &floor, &detour.root), HV_OK);
	assert_int_equal(stage2.tables.next, nowhere + tables * PAGE_BYTES);
	assert_int_equal(stage2_walk(&detour, gpa(other), &level), stage2_leaf(NULL, paddr(nowhere), 1, 0));
	assert_int_equal(stage2_walk(&detour, gpa(far), &level), stage2_leaf(NULL, paddr(nowhere), 1, 0));
	assert_int_equal(stage2_walk(&detour, gpa(page), &level), stage2_leaf(NULL, paddr(nowhere), 1, 0));
	assert_int_equal(stage2_walk(&detour, gpa(page + 3 * PAGE_BYTES), &level),
			 stage2_leaf(NULL, paddr(nowhere), 1, 0));
	assert_int_equal(stage2_walk(&detour, gpa(hole), &level), 0);
	assert_true(mapped(&detour, page + PAGE_BYTES));
	assert_true(mapped(&detour, 0xffff000));
	assert_false(writable(&stage2, other));
	assert_false(writable(&stage2, far));
	assert_true(mapped(&detour, other + PAGE_BYTES));
	assert_false(writable(&stage2, page));
	assert_int_equal(stage2_address(stage2_walk(&stage2, gpa(page), &level)).value, page);
	floor.range[0].base = 1ull << 32; /* hidden: nothing to be diverted */
	assert_int_equal(stage2_build_detour(&stage2, &stage2.tables, &floor, &detour.root), HV_OK);
	assert_int_equal(stage2_walk(&detour, gpa(1ull << 32), &level), 0);
	for (uint64_t pages = 0; pages < tables; pages++) {
		stage2.tables.end = stage2.tables.next + pages * PAGE_BYTES;
		const struct region kept = stage2.tables;

		assert_int_equal(stage2_build_detour(&stage2, &stage2.tables, &floor, &detour.root), HV_E_REGION);
		stage2.tables = kept;
	}
	destroy(&stage2);
}

/* Whoever changes a table that a guest may use finds out. */
static void a_sealed_table_takes_no_change(void **state)
{
	struct stage2 stage2 = make(PAGES, PHYS_BITS);
	const struct boot_info boot = {.ram_count = 1, .ram = {{0, 1ull << 30}}};
	unsigned level;

	(void)state;
	stage2_seal(&stage2);
	assert_int_equal(stage2_hide(&stage2, gpa(0x1000), PAGE_BYTES), HV_E_STAGE2_SEALED);
	assert_int_equal(stage2_write_protect(&stage2, gpa(0x1000), PAGE_BYTES), HV_E_STAGE2_SEALED);
	assert_int_equal(stage2_limit_leaves(&stage2, &boot, BOOT_LEAF_2MIB), HV_E_STAGE2_SEALED);
	assert_int_not_equal(stage2_walk(&stage2, gpa(0x1000), &level), 0);
	assert_int_equal(level, 3);
	destroy(&stage2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identity_covers_all),
		cmocka_unit_test(every_physical_width_is_covered),
		cmocka_unit_test(hidden_ranges_are_unmapped_and_nothing_else),
		cmocka_unit_test(overlapping_holes),
		cmocka_unit_test(out_of_pages),
		cmocka_unit_test(write_protected),
		cmocka_unit_test(write_protected_pages_lead_elsewhere),
		cmocka_unit_test(a_sealed_table_takes_no_change),
		cmocka_unit_test(limited_leaves),
		cmocka_unit_test(limited_around_holes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
