/* SPDX-License-Identifier: GPL-2.0-or-later */
/* IVRS: a good table, one wrong field at a time, every cut and every byte changed; what devices may send; reserved memory. */
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

/* A table of one unit with these device entries. */
static enum hv_error parse_entries(const uint8_t *entries, uint16_t bytes)
{
	static uint8_t small[IVHD10 + 24 + 512];

	memcpy(small, table, IVHD10 + 24);
	small[IVHD10 + 2] = (uint8_t)(24 + bytes);
	small[IVHD10 + 3] = (uint8_t)((24 + bytes) >> 8);
	memcpy(small + IVHD10 + 24, entries, bytes);
	memcpy(small + 4, &(uint32_t){IVHD10 + 24u + bytes}, 4);
	return ivrs_parse(small, IVHD10 + 24u + bytes, &parsed);
}

#define PARSE(...) parse_entries((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void assert_setting(uint32_t index, uint16_t first, uint16_t last, uint8_t sysmgt)
{
	assert_true(index < parsed.setting_count);
	assert_int_equal(parsed.settings[index].first, first);
	assert_int_equal(parsed.settings[index].last, last);
	assert_int_equal(parsed.settings[index].sysmgt, sysmgt);
}

static void settings_of_devices(void **state)
{
	(void)state;
	assert_int_equal(PARSE(0, 9, 9, 0x10, 64, 9, 9, 0x10, 9, 9, 9, 9), HV_OK); /* padding */
	assert_int_equal(parsed.setting_count, 0);
	assert_int_equal(PARSE(1, 0, 0, 0x10), HV_OK);
	assert_setting(0, 0, 0xffff, 1);
	assert_int_equal(PARSE(2, 0x34, 0x12, 0xd7, 70, 0x35, 0x12, 0x20, 0, 0, 0, 0x80), HV_OK);
	assert_int_equal(parsed.setting_count, 2);
	assert_setting(0, 0x1234, 0x1234, 1);
	assert_setting(1, 0x1235, 0x1235, 2);
	assert_int_equal(PARSE(66, 0x34, 0x12, 0x30, 0, 0x78, 0x56, 0), HV_OK);
	assert_int_equal(parsed.setting_count, 2);
	assert_setting(0, 0x1234, 0x1234, 3);
	assert_setting(1, 0x5678, 0x5678, 3);
	assert_int_equal(PARSE(72, 0, 0, 0xd7, 9, 0xa0, 0, 1), HV_OK);
	assert_int_equal(parsed.setting_count, 1);
	assert_setting(0, 0xa0, 0xa0, 1);
	assert_int_equal(
		PARSE(240, 0xa5, 0, 0x10, 'A', 'M', 'D', 'I', '0', '0', '2', '0', 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'x'),
		HV_OK);
	assert_setting(0, 0xa5, 0xa5, 1);
	assert_int_equal(PARSE(2, 0xa0, 0, 0xcf), HV_OK); /* rights to pass interrupt tables */
	assert_int_equal(parsed.setting_count, 0);
}

static void settings_of_ranges(void **state)
{
	(void)state;
	assert_int_equal(PARSE(3, 0x08, 0, 0x10, 4, 0xff, 0x01, 0x33), HV_OK);
	assert_int_equal(parsed.setting_count, 1);
	assert_setting(0, 8, 0x1ff, 1);
	assert_int_equal(PARSE(71, 0x08, 0, 0x10, 0, 0, 0, 0, 4, 0x08, 0, 0), HV_OK);
	assert_setting(0, 8, 8, 1);
	assert_int_equal(PARSE(67, 0, 2, 0x20, 0, 0xa5, 0, 0, 0, 0, 0, 0, 4, 0xff, 2, 0), HV_OK);
	assert_int_equal(parsed.setting_count, 2);
	assert_setting(0, 0x200, 0x2ff, 2);
	assert_setting(1, 0xa5, 0xa5, 2);
	assert_int_equal(PARSE(4, 8, 0, 0), HV_E_DMA_TABLE);                          /* an end without a start */
	assert_int_equal(PARSE(3, 8, 0, 0), HV_E_DMA_TABLE);                          /* a start without an end */
	assert_int_equal(PARSE(3, 8, 0, 0, 3, 9, 0, 0, 4, 10, 0, 0), HV_E_DMA_TABLE); /* in each other */
	assert_int_equal(PARSE(3, 8, 0, 0, 4, 9, 0, 0, 4, 10, 0, 0), HV_E_DMA_TABLE);
	assert_int_equal(PARSE(3, 9, 0, 0, 4, 8, 0, 0), HV_E_DMA_TABLE); /* backwards */
}

/* Blocks of several types repeat a unit's settings; more than there is room for are refused, none is forgotten. */
static void settings_in_number(void **state)
{
	uint8_t entries[4 * (DMA_MAX_SETTINGS + 1)] = {0};

	(void)state;
	for (uint32_t i = 0; i <= DMA_MAX_SETTINGS; i++) {
		memcpy(entries + 4 * i, (const uint8_t[]){2, (uint8_t)i, 3, 0x10}, 4);
		assert_int_equal(parse_entries(entries, (uint16_t)(4 * i + 4)),
				 i < DMA_MAX_SETTINGS ? HV_OK : HV_E_DMA_TABLE);
	}
	for (uint32_t i = 0; i <= DMA_MAX_SETTINGS; i++)
		entries[4 * i + 1] = 1;
	assert_int_equal(parse_entries(entries, sizeof(entries)), HV_OK);
	assert_int_equal(parsed.setting_count, 1);
}

/* The device table is that of segment 0: what a unit of another segment says of its devices is not heard, the unit is. */
static void settings_of_other_segments(void **state)
{
	(void)state;
	for (uint16_t segment = 0; segment <= 0x100; segment += 0x80) {
		put(IVHD10 + 16, segment, 2);
		put(IVHD11 + 16, segment, 2);
		put(IVHD11 + 8, 0xfed90000, 8);
		table[IVHD10 + 27] = 0x10;     /* all devices */
		table[IVHD11 + 40 + 3] = 0x20; /* the one with an ACPI HID */
		assert_int_equal(parse(END), HV_OK);
		assert_int_equal(parsed.unit_count, 2);
		assert_int_equal(parsed.setting_count, segment == 0 ? 2 : 0);
	}
	put(IVHD10 + 16, 0, 2);
	assert_int_equal(parse(END), HV_OK);
	assert_int_equal(parsed.setting_count, 1);
	assert_setting(0, 0, 0xffff, 1);
}

static enum hv_error check_reserved(uint8_t type, uint64_t base, uint64_t bytes)
{
	const struct boot_info boot = {
		.ram_count = 1,
		.hidden_count = 1,
		.region = {0x10000000, 0x400000},
		.pool = {0x20000000, 0x4000000},
		.ram = {{0x100000, 0xff00000}},
		.hidden = {{0xfed41000, 0x4000}},
	};

	good_table(NULL);
	table[IVMD] = type;
	put(IVMD + 16, base, 8);
	put(IVMD + 24, bytes, 8);
	assert_int_equal(parse(END), HV_OK);
	return dma_table_check(&parsed, &boot, 40);
}

/* Unity maps and exclusion ranges, for whatever devices: never over what is protected. */
static void reserved_memory_in_places(void **state)
{
	(void)state;
	for (uint8_t type = 0x20; type <= 0x22; type++) {
		assert_int_equal(check_reserved(type, 0x7d000000, 0x100000), HV_OK);
		assert_int_equal(check_reserved(type, 0x10000000, 0x1000), HV_E_DMA_RESERVED);
		assert_int_equal(parsed.where, 0x10000000);
		assert_int_equal(check_reserved(type, 0x1ffff000, 0x2000), HV_E_DMA_RESERVED);
		assert_int_equal(check_reserved(type, 0xfed44000, 0x1000), HV_E_DMA_RESERVED);
		assert_int_equal(check_reserved(type, 0xfed83000, 0x1000), HV_E_DMA_RESERVED); /* the unit */
		assert_int_equal(check_reserved(type, 1ull << 40, 0x1000), HV_E_DMA_TABLE);
	}
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
		cmocka_unit_test_setup(settings_of_devices, good_table),
		cmocka_unit_test_setup(settings_of_ranges, good_table),
		cmocka_unit_test_setup(settings_in_number, good_table),
		cmocka_unit_test_setup(settings_of_other_segments, good_table),
		cmocka_unit_test_setup(reserved_memory_in_places, good_table),
		cmocka_unit_test_setup(refuses_blocks, good_table),
		cmocka_unit_test_setup(refuses_headers, good_table),
		cmocka_unit_test_setup(refuses_too_many, good_table),
		cmocka_unit_test_setup(any_byte_changed, good_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
