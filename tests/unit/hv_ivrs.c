/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IVRS: a good table, one wrong field at a time, every cut and every byte changed. */
#include "hv_test.h"

#include "iommu/dma_table.h"

/* Offsets in the good table: one unit in two forms, reserved memory, and something unknown. */
enum { IVHD10 = 48, IVHD11 = IVHD10 + 24 + 20, IVMD = IVHD11 + 40 + 28, UNKNOWN = IVMD + 32, END = UNKNOWN + 8 };

static uint8_t table[END];
static struct dma_table parsed;

static void put(uint32_t at, uint64_t value, size_t bytes)
{
	memcpy(table + at, &value, bytes);
}

static void put_head(uint32_t at, uint8_t type, uint16_t bytes)
{
	table[at] = type;
	put(at + 2, bytes, 2);
}

static int good_table(void **state)
{
	(void)state;
	memset(table, 0, sizeof(table));
	memcpy(table, "IVRS", 4);
	put(4, END, 4);
	put_head(IVHD10, 0x10, 24 + 20);
	put(IVHD10 + 8, 0xfed80000, 8);
	table[IVHD10 + 24] = 1;    /* all devices: 4 bytes */
	table[IVHD10 + 28] = 0x42; /* alias: 8 bytes */
	table[IVHD10 + 36] = 0x48; /* special: 8 bytes */
	put_head(IVHD11, 0x11, 40 + 28);
	put(IVHD11 + 8, 0xfed80000, 8);
	table[IVHD11 + 40] = 240; /* ACPI HID, with a UID of 6 bytes */
	table[IVHD11 + 40 + 21] = 6;
	put_head(IVMD, 0x21, 32);
	put(IVMD + 16, 0x7d000000, 8);
	put(IVMD + 24, 0x100000, 8);
	put_head(UNKNOWN, 0x77, 8);
	return 0;
}

static enum hv_error parse(uint32_t bytes)
{
	uint8_t *const copy = malloc(bytes + 1);
	enum hv_error error;

	assert_non_null(copy);
	memcpy(copy + 1, table, bytes);
	error = ivrs_parse(copy + 1, bytes, &parsed);
	free(copy);
	return error;
}

static void reads_everything(void **state)
{
	(void)state;
	assert_int_equal(parse(END), HV_OK);
	assert_int_equal(parsed.unit_count, 1);
	assert_int_equal(parsed.units[0].base, 0xfed80000);
	assert_int_equal(parsed.units[0].bytes, 16384);
	assert_true(parsed.units[0].covers_all);
	assert_int_equal(parsed.reserved_count, 1);
	assert_int_equal(parsed.reserved[0].base, 0x7d000000);
	assert_int_equal(parsed.reserved[0].bytes, 0x100000);
	put(IVHD11 + 8, 0xfed90000, 8);
	put(IVHD11 + 16, 3, 2);
	assert_int_equal(parse(END), HV_OK);
	assert_int_equal(parsed.unit_count, 2);
	assert_int_equal(parsed.units[1].segment, 3);
}

#define REFUSES(statement, at)                                \
	do {                                                  \
		good_table(NULL);                             \
		statement;                                    \
		assert_int_equal(parse(END), HV_E_DMA_TABLE); \
		assert_int_equal(parsed.where, at);           \
	} while (0)

static void refuses_blocks(void **state)
{
	(void)state;
	REFUSES(put_head(IVHD10, 0x10, 0), IVHD10);
	REFUSES(put_head(IVHD10, 0x10, 3), IVHD10);
	REFUSES(put_head(IVHD10, 0x10, 23), IVHD10);
	REFUSES(put_head(IVHD10, 0x10, 24 + 19), IVHD10);
	REFUSES(put_head(IVHD11, 0x11, 39), IVHD11);
	REFUSES(put_head(UNKNOWN, 0x77, 9), UNKNOWN);
	REFUSES(put_head(UNKNOWN, 0x77, 0xffff), UNKNOWN);
	REFUSES(table[IVHD10 + 36] = 0x88, IVHD10); /* 16 bytes, 8 are left */
	REFUSES(table[IVHD10 + 36] = 240, IVHD10);  /* not even its head */
	REFUSES(table[IVHD11 + 61] = 7, IVHD11);    /* a UID longer than what is left */
	REFUSES(put_head(IVMD, 0x20, 33), IVMD);
	REFUSES(put(IVMD + 16, 0x7d000001, 8), IVMD);
	REFUSES(put(IVMD + 24, 0, 8), IVMD);
	REFUSES(put(IVMD + 24, 0xfff, 8), IVMD);
	REFUSES(put(IVMD + 16, ~0xfffull, 8), IVMD); /* wraps around */
}

static void refuses_headers(void **state)
{
	(void)state;
	REFUSES(table[4]--, 0);
	for (uint32_t bytes = 0; bytes < END; bytes++) {
		good_table(NULL);
		put(4, bytes, 4);
		const enum hv_error error = parse(bytes);

		if (bytes != IVHD11 && bytes != IVMD && bytes != UNKNOWN)
			assert_int_equal(error, HV_E_DMA_TABLE);
		else
			assert_int_equal(error, HV_OK);
	}
}

static void refuses_too_many(void **state)
{
	static uint8_t many[48 + 24 * (DMA_MAX_UNITS + 1)];
	uint32_t at = 48;

	(void)state;
	for (uint32_t i = 0; i <= DMA_MAX_UNITS; i++, at += 24) {
		many[at] = 0x10;
		many[at + 2] = 24;
		memcpy(many + at + 8, &(uint64_t){0xfe000000 + i * 0x4000}, 8);
		memcpy(many + 4, &(uint32_t){at + 24}, 4);
		assert_int_equal(ivrs_parse(many, at + 24, &parsed), i < DMA_MAX_UNITS ? HV_OK : HV_E_DMA_TABLE);
	}
}

static void any_byte_changed(void **state)
{
	(void)state;
	for (uint32_t at = 0; at < END; at++) {
		for (uint32_t value = 0; value < 256; value++) {
			good_table(NULL);
			table[at] = (uint8_t)value;
			(void)parse(END);
			assert_true(parsed.unit_count <= DMA_MAX_UNITS && parsed.reserved_count <= DMA_MAX_RESERVED);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_everything, good_table),
		cmocka_unit_test_setup(refuses_blocks, good_table),
		cmocka_unit_test_setup(refuses_headers, good_table),
		cmocka_unit_test_setup(refuses_too_many, good_table),
		cmocka_unit_test_setup(any_byte_changed, good_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
