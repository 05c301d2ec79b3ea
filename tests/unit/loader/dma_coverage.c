/* SPDX-License-Identifier: GPL-2.0-or-later */
/* as: loader-cpu */
/* Which devices the units cover, on a machine with a bridge and an endpoint below it. */
#include "loader_test.h"

#include "cpu.h"
#include "dma_table.h"

#define PCI_ID          0x00u
#define PCI_HEADER_TYPE 0x0cu
#define PCI_BUSES       0x18u

#define HOST_BRIDGE 0x0000u
#define BRIDGE      0x0018u /* 0:3.0, buses 1 and 2 */
#define DISK        0x00fau /* 0:1f.2 */
#define BEHIND      0x0208u /* 2:1.0 */
#define OTHER_ROOT  0x4000u /* bus 40, below no bridge */

static uint32_t address = 0x1234;
static bool other_root;

void out32(uint16_t port, uint32_t value)
{
	assert_int_equal(port, 0xcf8);
	address = value;
}

static bool present(uint32_t function)
{
	return function == HOST_BRIDGE || function == BRIDGE || function == DISK || function == BEHIND ||
	       (function == OTHER_ROOT && other_root);
}

uint32_t in32(uint16_t port)
{
	const uint32_t function = address >> 8 & 0xffff;

	if (port == 0xcf8)
		return address;
	assert_int_equal(address >> 31, 1);
	if (!present(function))
		return UINT32_MAX;
	switch (address & 0xff) {
	case PCI_ID:
		return 0x12348086;
	case PCI_HEADER_TYPE:
		return function == BRIDGE ? 0x00810000 : 0;
	default:
		assert_int_equal(address & 0xff, PCI_BUSES);
		return 0x00020100;
	}
}

static void name(struct dma_table *table, uint32_t function)
{
	table->named[function / 8] |= (uint8_t)(1u << function % 8);
}

static struct dma_table all_named(void)
{
	struct dma_table table = {.records.unit_count = 1};

	other_root = false;
	name(&table, HOST_BRIDGE);
	name(&table, BRIDGE);
	name(&table, DISK);
	return table;
}

static void every_function_named(void **state)
{
	struct dma_table table = all_named();

	(void)state;
	assert_true(dma_coverage_check(&table));
	assert_int_equal(address, 0x1234); /* as the firmware left it */
}

static void a_function_without_unit(void **state)
{
	struct dma_table table = all_named();

	(void)state;
	table.named[DISK / 8] = 0;
	assert_false(dma_coverage_check(&table));
	assert_int_equal(table.where, DISK);
	table = all_named();
	table.named[BRIDGE / 8] = 0;
	assert_false(dma_coverage_check(&table));
	assert_int_equal(table.where, BRIDGE);
	table = all_named();
	other_root = true;
	assert_false(dma_coverage_check(&table));
	assert_int_equal(table.where, OTHER_ROOT);
}

static void a_unit_for_all(void **state)
{
	struct dma_table table = {.records.unit_count = 2, .covers_all = {false, true}};

	(void)state;
	other_root = true;
	assert_true(dma_coverage_check(&table));
	table.segment[1] = 1; /* segment 0 has none now */
	assert_false(dma_coverage_check(&table));
}

static void other_segments(void **state)
{
	struct dma_table table = all_named();

	(void)state;
	table.records.unit_count = 2;
	table.segment[1] = 7;
	assert_false(dma_coverage_check(&table));
	assert_int_equal(table.where, 7);
	table.covers_all[1] = true;
	assert_true(dma_coverage_check(&table));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_function_named),
		cmocka_unit_test(a_function_without_unit),
		cmocka_unit_test(a_unit_for_all),
		cmocka_unit_test(other_segments),
	};
	return cmocka_run_group_tests_name("loader_dma_coverage", tests, NULL, NULL);
}
