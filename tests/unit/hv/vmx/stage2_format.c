/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/vmx/mtrr.c hv/memory/stage2.c */
/* Extended page tables: the bits of leaves and tables, splits where memory types change, holes in them. */
#include "hv_test.h"

#include "guest_format.h"
#include "memory/stage2.h"
#include "stage2_format.h"

#define GIB   (1ull << 30)
#define MIB   (1ull << 20)
#define PAGES 700u

static struct vendor_machine vendor;

static struct stage2 make(uint64_t pages, enum hv_error expected)
{
	struct stage2 stage2;
	void *const memory = aligned_alloc(PAGE_BYTES, pages * PAGE_BYTES);
	const struct region region = {(uintptr_t)memory, (uintptr_t)memory + pages * PAGE_BYTES};

	assert_non_null(memory);
	assert_int_equal(stage2_build_identity(&stage2, 39, region, &vendor), expected);
	return stage2;
}

/* Write-back but for the first page of the VGA window and 16 MiB at 3 GiB. */
static int setup(void **state)
{
	(void)state;
	vendor.speculation.itlb_multihit = false;
	vendor.mtrr = (struct mtrr){
		.fixed_enabled = true,
		.default_type = TYPE_WB,
		.count = 1,
		.variable = {{.base = 3 * GIB, .mask = 0x7fff000000, .type = TYPE_UC}},
	};
	for (unsigned i = 0; i < MTRR_FIXED; i++)
		vendor.mtrr.fixed[i] = 0x0606060606060606;
	vendor.mtrr.fixed[2] = 0x0606060606060600;
	return 0;
}

static void check(const struct stage2 *stage2, uint64_t address, unsigned level, unsigned type)
{
	unsigned found;
	const uint64_t entry = stage2_walk(stage2, gpa(address), &found);
	const uint64_t span = 1ull << (12 + 9 * (level - 1));

	assert_int_equal(found, level);
	/*
	 * SDM 3C tables 28-3, 28-5, 28-6: read, write, execute; type in bits 5:3; no PAT override; bit 7 in a large
	 * leaf
	 */
	assert_int_equal(entry, (address & ~(span - 1)) | 7 | type << 3 | (level > 1 ? 1u << 7 : 0));
}

static void leaves_have_the_mtrrs_memory_type(void **state)
{
	const struct stage2 stage2 = make(PAGES, HV_OK);

	(void)state;
	check(&stage2, 0, 1, 6);
	check(&stage2, 0x9f123, 1, 6);
	check(&stage2, 0xa0000, 1, 0);
	check(&stage2, 0xa4000, 1, 6);
	check(&stage2, 0x1ff000, 1, 6);
	check(&stage2, 2 * MIB, 2, 6);
	check(&stage2, GIB - 1, 2, 6);
	check(&stage2, GIB, 3, 6);
	check(&stage2, 3 * GIB, 2, 0);
	check(&stage2, 3 * GIB + 16 * MIB - 1, 2, 0);
	check(&stage2, 3 * GIB + 16 * MIB, 2, 6);
	check(&stage2, 4 * GIB, 3, 6);
	check(&stage2, 511 * GIB, 3, 6);
	free(region_pointer(stage2.root));
}

static void reserved_bits_of_table_entries_are_clear(void **state)
{
	const struct stage2 stage2 = make(PAGES, HV_OK);
	const uint64_t *const top = region_pointer(stage2.root);

	(void)state;
	assert_int_equal(top[0] & 0xfff, 7); /* table 28-1: all but the rights is reserved */
	assert_int_equal(top[1], 0);
	assert_int_equal(((uint64_t *)region_pointer(paddr(top[0] & ~0xfffull)))[0] & 0xfff, 7);
	free(region_pointer(stage2.root));
}

/* A split for a hole keeps the memory types on both sides. */
static void hole_in_mixed_types(void **state)
{
	struct stage2 stage2 = make(PAGES, HV_OK);
	unsigned level;

	(void)state;
	assert_int_equal(stage2_hide(&stage2, gpa(3 * GIB + 2 * MIB + 4096), 4096), HV_OK);
	assert_int_equal(stage2_walk(&stage2, gpa(3 * GIB + 2 * MIB + 4096), &level), 0);
	check(&stage2, 3 * GIB + 2 * MIB, 1, 0);
	check(&stage2, 3 * GIB + 2 * MIB + 8192, 1, 0);
	assert_int_equal(stage2_hide(&stage2, gpa(GIB), 2 * MIB), HV_OK);
	assert_int_equal(stage2_walk(&stage2, gpa(GIB), &level), 0);
	check(&stage2, GIB + 2 * MIB, 2, 6);
	free(region_pointer(stage2.root));
}

static void read_only(void **state)
{
	struct stage2 stage2 = make(PAGES, HV_OK);
	unsigned level;

	(void)state;
	assert_int_equal(stage2_write_protect(&stage2, gpa(5 * GIB), 4096), HV_OK);
	assert_int_equal(stage2_walk(&stage2, gpa(5 * GIB), &level), 5 * GIB | 5 | 6 << 3);
	check(&stage2, 5 * GIB + 4096, 1, 6);
	free(region_pointer(stage2.root));
}

/* On CPUs with the page size change machine check: code in 4 KiB pages only, all of them where there is RAM. */
static void itlb_multihit(void **state)
{
	const struct boot_info boot = {.ram_count = 1, .ram = {{4 * GIB, 4096}}};
	unsigned level;

	(void)state;
	vendor.speculation.itlb_multihit = true;
	struct stage2 stage2 = make(1400, HV_OK);

	assert_int_equal(stage2_limit_leaves(&stage2, &boot, BOOT_LEAF_4KIB), HV_OK);
	check(&stage2, 0, 1, 6);
	check(&stage2, 4 * GIB, 1, 6);
	check(&stage2, 5 * GIB - 1, 1, 6);
	for (uint64_t at = 0; at < 512 * GIB; at += 2 * MIB) {
		const uint64_t entry = stage2_walk(&stage2, gpa(at), &level);

		assert_int_equal(entry & 7,
				 level == 1 ? 7 : 3); /* SDM 3C tables 28-3, 28-5: read and write, not execute */
	}
	assert_int_equal(stage2_walk(&stage2, gpa(5 * GIB), &level), 5 * GIB | 3 | 6 << 3 | 1u << 7);
	assert_int_equal(level, 3);
	free(region_pointer(stage2.root));
}

/* SDM 3C tables 28-5, 28-6: write-back; what the host shares is read and written, never executed. */
static void leaves_of_domains(void **state)
{
	(void)state;
	assert_int_equal(stage2_private(paddr(5 * GIB), 1), 5 * GIB | 7 | 6 << 3);
	assert_int_equal(stage2_private(paddr(5 * GIB), 2), 5 * GIB | 7 | 6 << 3 | 1u << 7);
	assert_int_equal(stage2_shared(paddr(5 * GIB), 1), 5 * GIB | 3 | 6 << 3);
	assert_int_equal(stage2_shared(paddr(5 * GIB), 2), 5 * GIB | 3 | 6 << 3 | 1u << 7);
}

/* Types ask for more tables than there are pages: a named error. */
static void out_of_pages(void **state)
{
	const struct stage2 stage2 = make(3, HV_E_STAGE2_FULL);

	(void)state;
	free(region_pointer(stage2.root));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(leaves_have_the_mtrrs_memory_type, setup),
		cmocka_unit_test_setup(reserved_bits_of_table_entries_are_clear, setup),
		cmocka_unit_test_setup(hole_in_mixed_types, setup),
		cmocka_unit_test_setup(read_only, setup),
		cmocka_unit_test_setup(itlb_multihit, setup),
		cmocka_unit_test(leaves_of_domains),
		cmocka_unit_test_setup(out_of_pages, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
