/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which devices the units cover, on a machine with a bridge and an endpoint behind it. */
#include "hv_test.h"

#include "iommu/dma_table.h"
#include "pci.h"
#include "x86.h"

#define HOST_BRIDGE 0x0000u
#define BRIDGE      0x0018u /* 0:3.0, buses 1 and 2 */
#define DISK        0x00fau /* 0:1f.2 */
#define BEHIND      0x0208u /* 2:1.0 */
#define OTHER_ROOT  0x4000u /* bus 40, below no bridge */

static uint32_t address = 0x1234;
static bool other_root;

void outl(uint16_t port, uint32_t value)
{
	assert_int_equal(port, 0xcf8);
	address = value;
}

static bool present(uint32_t function)
{
	return function == HOST_BRIDGE || function == BRIDGE || function == DISK || function == BEHIND ||
	       (function == OTHER_ROOT && other_root);
}

uint32_t inl(uint16_t port)
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
	struct dma_table table = {.unit_count = 1};

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
	assert_int_equal(dma_coverage_check(&table), HV_OK);
	assert_int_equal(address, 0x1234); /* as the firmware left it */
}

static void a_function_without_unit(void **state)
{
	struct dma_table table = all_named();

	(void)state;
	table.named[DISK / 8] = 0;
	assert_int_equal(dma_coverage_check(&table), HV_E_DMA_COVERAGE);
	assert_int_equal(table.where, DISK);
	table = all_named();
	table.named[BRIDGE / 8] = 0;
	assert_int_equal(dma_coverage_check(&table), HV_E_DMA_COVERAGE);
	assert_int_equal(table.where, BRIDGE);
	table = all_named();
	other_root = true;
	assert_int_equal(dma_coverage_check(&table), HV_E_DMA_COVERAGE);
	assert_int_equal(table.where, OTHER_ROOT);
}

static void a_unit_for_all(void **state)
{
	struct dma_table table = {.unit_count = 2, .units = {{0}, {.covers_all = true}}};

	(void)state;
	other_root = true;
	assert_int_equal(dma_coverage_check(&table), HV_OK);
	table.units[1].segment = 1; /* segment 0 has none now */
	assert_int_equal(dma_coverage_check(&table), HV_E_DMA_COVERAGE);
}

static void other_segments(void **state)
{
	struct dma_table table = all_named();

	(void)state;
	table.unit_count = 2;
	table.units[1].segment = 7;
	assert_int_equal(dma_coverage_check(&table), HV_E_DMA_COVERAGE);
	assert_int_equal(table.where, 7);
	table.units[1].covers_all = true;
	assert_int_equal(dma_coverage_check(&table), HV_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_function_named),
		cmocka_unit_test(a_function_without_unit),
		cmocka_unit_test(a_unit_for_all),
		cmocka_unit_test(other_segments),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
