/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: loader/dma_table.c */
/*
 * IVRS: a good table, one wrong field at a time, every cut and every byte changed; what devices may send; reserved
 * memory.
 */
#include "loader_test.h"

#include "dma_table.h"

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

static bool parse(uint32_t bytes)
{
	uint8_t *const copy = malloc(bytes + 1);

	assert_non_null(copy);
	memcpy(copy + 1, table, bytes);
	const bool accepted = ivrs_parse(copy + 1, bytes, &parsed);

	free(copy);
	return accepted;
}

static void reads_everything(void **state)
{
	(void)state;
	assert_true(parse(END));
	assert_int_equal(parsed.records.unit_count, 1);
	assert_int_equal(parsed.records.unit[0].base, 0xfed80000);
	assert_int_equal(parsed.records.unit[0].bytes, 16384);
	assert_true(parsed.covers_all[0]);
	assert_int_equal(parsed.records.reserved_count, 1);
	assert_int_equal(parsed.records.reserved[0].base, 0x7d000000);
	assert_int_equal(parsed.records.reserved[0].bytes, 0x100000);
	put(IVHD11 + 8, 0xfed90000, 8);
	put(IVHD11 + 16, 3, 2);
	assert_true(parse(END));
	assert_int_equal(parsed.records.unit_count, 2);
	assert_int_equal(parsed.segment[1], 3);
}

/* A table of one unit with these device entries. */
static bool parse_entries(const uint8_t *entries, uint16_t bytes)
{
	uint8_t *const small = malloc(IVHD10 + 24u + bytes); /* and not a byte more */

	assert_non_null(small);
	memcpy(small, table, IVHD10 + 24);
	small[IVHD10 + 2] = (uint8_t)(24 + bytes);
	small[IVHD10 + 3] = (uint8_t)((24 + bytes) >> 8);
	memcpy(small + IVHD10 + 24, entries, bytes);
	memcpy(small + 4, &(uint32_t){IVHD10 + 24u + bytes}, 4);
	const bool accepted = ivrs_parse(small, IVHD10 + 24u + bytes, &parsed);

	free(small);
	return accepted;
}

#define PARSE(...) parse_entries((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void assert_setting(uint32_t index, uint16_t first, uint16_t last, uint8_t sysmgt)
{
	assert_true(index < parsed.records.setting_count);
	assert_int_equal(parsed.records.setting[index].first, first);
	assert_int_equal(parsed.records.setting[index].last, last);
	assert_int_equal(parsed.records.setting[index].sysmgt, sysmgt);
}

static void settings_of_devices(void **state)
{
	(void)state;
	assert_true(PARSE(0, 9, 9, 0x10, 64, 9, 9, 0x10, 9, 9, 9, 9)); /* padding */
	assert_int_equal(parsed.records.setting_count, 0);
	assert_true(PARSE(1, 0, 0, 0x10));
	assert_setting(0, 0, 0xffff, 1);
	assert_true(PARSE(2, 0x34, 0x12, 0xd7, 70, 0x35, 0x12, 0x20, 0, 0, 0, 0x80));
	assert_int_equal(parsed.records.setting_count, 2);
	assert_setting(0, 0x1234, 0x1234, 1);
	assert_setting(1, 0x1235, 0x1235, 2);
	assert_true(PARSE(66, 0x34, 0x12, 0x30, 0, 0x78, 0x56, 0));
	assert_int_equal(parsed.records.setting_count, 2);
	assert_setting(0, 0x1234, 0x1234, 3);
	assert_setting(1, 0x5678, 0x5678, 3);
	assert_true(PARSE(72, 0, 0, 0xd7, 9, 0xa0, 0, 1));
	assert_int_equal(parsed.records.setting_count, 1);
	assert_setting(0, 0xa0, 0xa0, 1);
	assert_true(
		PARSE(240, 0xa5, 0, 0x10, 'A', 'M', 'D', 'I', '0', '0', '2', '0', 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 'x'));
	assert_setting(0, 0xa5, 0xa5, 1);
	assert_true(PARSE(2, 0xa0, 0, 0xcf)); /* rights to pass interrupt tables */
	assert_int_equal(parsed.records.setting_count, 0);
}

static void settings_of_ranges(void **state)
{
	(void)state;
	assert_true(PARSE(3, 0x08, 0, 0x10, 4, 0xff, 0x01, 0x33));
	assert_int_equal(parsed.records.setting_count, 1);
	assert_setting(0, 8, 0x1ff, 1);
	assert_true(PARSE(71, 0x08, 0, 0x10, 0, 0, 0, 0, 4, 0x08, 0, 0));
	assert_setting(0, 8, 8, 1);
	assert_true(PARSE(67, 0, 2, 0x20, 0, 0xa5, 0, 0, 0, 0, 0, 0, 4, 0xff, 2, 0));
	assert_int_equal(parsed.records.setting_count, 2);
	assert_setting(0, 0x200, 0x2ff, 2);
	assert_setting(1, 0xa5, 0xa5, 2);
	assert_false(PARSE(4, 8, 0, 0));                          /* an end without a start */
	assert_false(PARSE(3, 8, 0, 0));                          /* a start without an end */
	assert_false(PARSE(3, 8, 0, 0, 3, 9, 0, 0, 4, 10, 0, 0)); /* in each other */
	assert_false(PARSE(3, 8, 0, 0, 4, 9, 0, 0, 4, 10, 0, 0));
	assert_false(PARSE(3, 9, 0, 0, 4, 8, 0, 0)); /* backwards */
}

/* Blocks of several types repeat a unit's settings; more than there is room for are refused, none is forgotten. */
static void settings_in_number(void **state)
{
	uint8_t entries[4 * (BOOT_MAX_SETTINGS + 1)] = {0};

	(void)state;
	for (uint32_t i = 0; i <= BOOT_MAX_SETTINGS; i++) {
		memcpy(entries + 4 * i, (const uint8_t[]){2, (uint8_t)i, (uint8_t)(i >> 8), 0x10}, 4);
		assert_int_equal(parse_entries(entries, (uint16_t)(4 * i + 4)), i < BOOT_MAX_SETTINGS);
	}
	for (uint32_t i = 0; i <= BOOT_MAX_SETTINGS; i++)
		entries[4 * i + 1] = entries[4 * i + 2] = 1;
	assert_true(parse_entries(entries, sizeof(entries)));
	assert_int_equal(parsed.records.setting_count, 1);
}

/*
 * The device table is that of segment 0: what a unit of another segment says of its devices is not heard, the unit
 * is.
 */
static void settings_of_other_segments(void **state)
{
	(void)state;
	for (uint16_t segment = 0; segment <= 0x100; segment += 0x80) {
		put(IVHD10 + 16, segment, 2);
		put(IVHD11 + 16, segment, 2);
		put(IVHD11 + 8, 0xfed90000, 8);
		table[IVHD10 + 27] = 0x10;     /* all devices */
		table[IVHD11 + 40 + 3] = 0x20; /* the one with an ACPI HID */
		assert_true(parse(END));
		assert_int_equal(parsed.records.unit_count, 2);
		assert_int_equal(parsed.records.setting_count, segment == 0 ? 2 : 0);
	}
	put(IVHD10 + 16, 0, 2);
	assert_true(parse(END));
	assert_int_equal(parsed.records.setting_count, 1);
	assert_setting(0, 0, 0xffff, 1);
}

static void assert_reserved(uint8_t type, uint64_t start, uint64_t length, uint64_t base, uint64_t bytes)
{
	good_table(NULL);
	table[IVMD] = type;
	put(IVMD + 16, start, 8);
	put(IVMD + 24, length, 8);
	assert_true(parse(END));
	assert_int_equal(parsed.records.reserved_count, 1);
	assert_int_equal(parsed.records.reserved[0].base, base);
	assert_int_equal(parsed.records.reserved[0].bytes, bytes);
}

/*
 * Unity maps and exclusion ranges, for whatever devices; each page of which a byte is reserved (real laptops have
 * length 1).
 */
static void reserved_memory_is_whole_pages(void **state)
{
	(void)state;
	for (uint8_t type = 0x20; type <= 0x22; type++) {
		assert_reserved(type, 0x7d000000, 0x100000, 0x7d000000, 0x100000);
		assert_reserved(type, 0x9618e000, 1, 0x9618e000, 0x1000);
		assert_reserved(type, 0, 1, 0, 0x1000);
		assert_reserved(type, 0x7d000fff, 2, 0x7d000000, 0x2000);
		assert_reserved(type, 0x7d000fff, 1, 0x7d000000, 0x1000);
		assert_reserved(type, 0x7d000001, 0xfff, 0x7d000000, 0x1000);
		assert_reserved(type, UINT64_MAX - 0x2000, 1, UINT64_MAX - 0x2fff, 0x1000);
	}
}

#define REFUSES(statement, at)                      \
	do {                                        \
		good_table(NULL);                   \
		statement;                          \
		assert_false(parse(END));           \
		assert_int_equal(parsed.where, at); \
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
	REFUSES(put(IVMD + 24, 0, 8), IVMD);
	REFUSES(put(IVMD + 16, ~0xfffull, 8), IVMD); /* wraps around */
	REFUSES(put(IVMD + 16, UINT64_MAX, 8), IVMD);
	REFUSES(put(IVMD + 24, UINT64_MAX, 8), IVMD);
	REFUSES(put(IVMD + 24, UINT64_MAX - 0x7d000000, 8), IVMD); /* does once it is rounded */
	REFUSES(put(IVHD10 + 8, 0xfed80001, 8), IVHD10);
}

/* An entry with a HID at the end of the table, shorter than it says: its head of 22 bytes tells how long its UID is. */
static void refuses_cut_hids(void **state)
{
	uint8_t entry[22 + 3] = {240, 0xa5, 0, 0x10, [21] = 3};

	(void)state;
	for (uint16_t bytes = 1; bytes <= sizeof(entry); bytes++)
		assert_int_equal(parse_entries(entry, bytes), bytes == sizeof(entry));
	entry[21] = 0;
	assert_true(parse_entries(entry, 22));
	entry[21] = 255;
	assert_false(parse_entries(entry, sizeof(entry)));
}

static void refuses_headers(void **state)
{
	(void)state;
	REFUSES(table[4]--, 0);
	for (uint32_t bytes = 0; bytes < END; bytes++) {
		good_table(NULL);
		put(4, bytes, 4);
		const bool between = bytes == IVHD11 || bytes == IVMD || bytes == UNKNOWN;

		assert_int_equal(parse(bytes), between);
	}
}

static void refuses_too_many(void **state)
{
	static uint8_t many[48 + 24 * (BOOT_MAX_UNITS + 1)];
	uint32_t at = 48;

	(void)state;
	for (uint32_t i = 0; i <= BOOT_MAX_UNITS; i++, at += 24) {
		many[at] = 0x10;
		many[at + 2] = 24;
		memcpy(many + at + 8, &(uint64_t){0xfe000000 + i * 0x4000}, 8);
		memcpy(many + 4, &(uint32_t){at + 24}, 4);
		assert_int_equal(ivrs_parse(many, at + 24, &parsed), i < BOOT_MAX_UNITS);
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
			assert_true(parsed.records.unit_count <= BOOT_MAX_UNITS &&
				    parsed.records.reserved_count <= BOOT_MAX_RESERVED);
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
		cmocka_unit_test_setup(reserved_memory_is_whole_pages, good_table),
		cmocka_unit_test_setup(refuses_blocks, good_table),
		cmocka_unit_test_setup(refuses_cut_hids, good_table),
		cmocka_unit_test_setup(refuses_headers, good_table),
		cmocka_unit_test_setup(refuses_too_many, good_table),
		cmocka_unit_test_setup(any_byte_changed, good_table),
	};
	return cmocka_run_group_tests_name("loader_ivrs", tests, NULL, NULL);
}
