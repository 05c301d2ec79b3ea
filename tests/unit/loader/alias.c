/* SPDX-License-Identifier: GPL-2.0-or-later */
/* as: loader-cpu */
/* The probe for aliases on memory with an address line that leads nowhere, or without one. */
#include "loader_test.h"

#include "alias.h"
#include "cpu.h"

#define MIB   (1ull << 20)
#define CELLS (1u << 18) /* of a page each: 1 GiB */

static uint64_t cell[CELLS];
static uint64_t ignored; /* address bits that the memory does not see */
static uint64_t only;    /* ... in this page alone, if it is not 0 */
static uint64_t writes, reads;
static struct boot_info info;
static struct failure failure;

static uint64_t *at(uint64_t address)
{
	if (!only || (address & ~ignored) == (only & ~ignored))
		address &= ~ignored;
	assert_int_equal(address & 4095, 0);
	assert_true(address / 4096 < CELLS);
	return &cell[address / 4096];
}

static bool ours(const struct boot_range *range, uint64_t address)
{
	return address >= range->base && address < range->base + range->bytes;
}

void memory_put(uint64_t address, uint64_t value)
{
	assert_true(ours(&info.region, address) || ours(&info.pool, address)); /* the rest belongs to the firmware */
	*at(address) = value;
	writes++;
}

uint64_t memory_get(uint64_t address)
{
	assert_true(address < CELLS * 4096ull && (address < 640 * 1024 || address >= MIB)); /* no memory between them */
	reads++;
	return *at(address);
}

static int new_memory(void **state)
{
	(void)state;
	memset(cell, 0x77, sizeof(cell));
	info = (struct boot_info){
		.region = {256 * MIB, 4 * MIB},
		.pool = {512 * MIB, 64 * MIB},
		.ram_count = 2,
		.ram = {{0, 640 * 1024}, {MIB, 1023 * MIB}},
	};
	ignored = only = writes = reads = 0;
	return 0;
}

static void good_memory(void **state)
{
	(void)state;
	assert_true(alias_probe(&info, &failure));
	assert_int_equal(cell[256 * MIB / 4096], 0);
	assert_int_equal(cell[576 * MIB / 4096 - 1], 0);
	assert_int_equal(cell[0], 0x7777777777777777);
	assert_true(reads >= (68 * MIB / 4096) * 17); /* of each page all bits but those that leave memory */
}

static void every_address_line(void **state)
{
	(void)state;
	for (uint32_t bit = 12; bit < 30; bit++) {
		new_memory(NULL);
		ignored = 1ull << bit;
		assert_fails(alias_probe(&info, &failure), failure, "LOADER_E_MEMORY_ALIAS", "0x10000000 and 0x");
	}
}

/* A single page that is somewhere else too, the last one. */
static void one_page(void **state)
{
	(void)state;
	ignored = 1u << 29;
	only = 260 * MIB - 4096;
	assert_fails(alias_probe(&info, &failure), failure, "LOADER_E_MEMORY_ALIAS", "0x103ff000 and 0x303ff000");
	only = 576 * MIB - 4096;
	assert_fails(alias_probe(&info, &failure), failure, "LOADER_E_MEMORY_ALIAS", "0x23fff000 and 0x3fff000");
}

/* However large the pool is. */
static void probes_are_bounded_for_any_pool(void **state)
{
	(void)state;
	info.region.bytes = 0;
	info.pool = (struct boot_range){MIB, 1023 * MIB};
	assert_true(alias_probe(&info, &failure));
	assert_int_equal(cell[MIB / 4096], 0);
	assert_in_range(writes, ALIAS_POOL_PAGES / 2, ALIAS_POOL_PAGES * (47 - 12 + 1));
	assert_false(alias_probes_all(&info));
	info.pool.bytes = 256 * MIB;
	writes = 0;
	assert_true(alias_probe(&info, &failure) && alias_probes_all(&info));
	assert_in_range(writes, ALIAS_POOL_PAGES * 2, ALIAS_POOL_PAGES * (2 * (47 - 12) + 1)); /* each page */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(good_memory, new_memory),
		cmocka_unit_test_setup(every_address_line, new_memory),
		cmocka_unit_test_setup(one_page, new_memory),
		cmocka_unit_test_setup(probes_are_bounded_for_any_pool, new_memory),
	};

	return cmocka_run_group_tests_name("loader_alias", tests, NULL, NULL);
}
