/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: loader/dma_table.c */
/* DMAR: a good table, one wrong field at a time, every cut and every byte changed. */
#include "loader_test.h"

#include "dma_table.h"

/* Offsets in the good table. */
enum { DRHD0 = 48, DRHD1 = DRHD0 + 32, RMRR = DRHD1 + 16, UNKNOWN = RMRR + 32, END = UNKNOWN + 12 };

static uint8_t table[END];
static struct dma_table parsed;

static void put16(uint32_t at, uint16_t value)
{
	memcpy(table + at, &value, sizeof(value));
}

static void put64(uint32_t at, uint64_t value)
{
	memcpy(table + at, &value, sizeof(value));
}

static void put_head(uint32_t at, uint16_t type, uint16_t bytes)
{
	put16(at, type);
	put16(at + 2, bytes);
}

static int good_table(void **state)
{
	const uint8_t scopes[] = {1, 8, 0, 0, 0, 0, 0x1f, 2, 2, 8, 0, 0, 0, 0, 3, 0};
	const uint8_t scope[] = {1, 8, 0, 0, 0, 0, 0x1d, 0};

	(void)state;
	memset(table, 0, sizeof(table));
	memcpy(table, "DMAR", 4);
	table[4] = END;
	put_head(DRHD0, 0, 32);
	put64(DRHD0 + 8, 0xfed90000);
	memcpy(table + DRHD0 + 16, scopes, sizeof(scopes));
	put_head(DRHD1, 0, 16);
	table[DRHD1 + 4] = 1;
	table[DRHD1 + 5] = 1;
	put64(DRHD1 + 8, 0xfed92000);
	put_head(RMRR, 1, 32);
	put64(RMRR + 8, 0x7d000000);
	put64(RMRR + 16, 0x7d0fffff);
	memcpy(table + RMRR + 24, scope, sizeof(scope));
	put_head(UNKNOWN, 0x7fff, 12);
	return 0;
}

/* In memory of exactly its length, so a read past the end is seen. */
static bool parse(uint32_t bytes)
{
	uint8_t *const copy = malloc(bytes + 1);

	assert_non_null(copy);
	memmove(copy + 1, table, bytes);
	const bool accepted = dmar_parse(copy + 1, bytes, &parsed);

	free(copy);
	return accepted;
}

static bool named(uint32_t device, uint32_t function)
{
	return (parsed.named[device] >> function & 1) != 0;
}

static void reads_everything(void **state)
{
	(void)state;
	assert_true(parse(END));
	assert_int_equal(parsed.records.unit_count, 2);
	assert_int_equal(parsed.records.unit[0].base, 0xfed90000);
	assert_int_equal(parsed.records.unit[0].bytes, 4096);
	assert_false(parsed.covers_all[0]);
	assert_int_equal(parsed.records.unit[1].base, 0xfed92000);
	assert_int_equal(parsed.records.unit[1].bytes, 8192);
	assert_true(parsed.covers_all[1]);
	assert_int_equal(parsed.records.reserved_count, 1);
	assert_int_equal(parsed.records.reserved[0].base, 0x7d000000);
	assert_int_equal(parsed.records.reserved[0].bytes, 0x100000);
	assert_true(named(0x1f, 2));
	assert_true(named(3, 0));
	assert_false(named(0x1f, 0));
	assert_false(named(0x1d, 0)); /* only an RMRR names it */
}

/* What does not name a whole function of segment 0, bus 0, covers nothing there. */
static void scopes_that_name_nothing(void **state)
{
	(void)state;
	table[DRHD0 + 16] = 3;     /* I/O APIC */
	table[DRHD0 + 24 + 5] = 1; /* another bus */
	assert_true(parse(END));
	assert_false(named(0x1f, 2));
	assert_false(named(3, 0));
	good_table(state);
	put16(DRHD0 + 6, 1); /* another segment */
	assert_true(parse(END));
	assert_false(named(0x1f, 2));
	good_table(state);
	table[DRHD0 + 16 + 1] = 16; /* a device below a bridge, by its path: the bridge itself is not covered */
	assert_true(parse(END));
	assert_false(named(0x1f, 2));
}

#define REFUSES(statement, at)                      \
	do {                                        \
		good_table(NULL);                   \
		statement;                          \
		assert_false(parse(END));           \
		assert_int_equal(parsed.where, at); \
	} while (0)

static void refuses_structures(void **state)
{
	(void)state;
	REFUSES(put_head(DRHD0, 0, 0), DRHD0);
	REFUSES(put_head(DRHD0, 0, 3), DRHD0);
	REFUSES(put_head(DRHD1, 0, 15), DRHD1);
	REFUSES(put_head(DRHD1, 0, 17), DRHD1);
	REFUSES(put_head(UNKNOWN, 0x7fff, 13), UNKNOWN);
	REFUSES(put_head(UNKNOWN, 0x7fff, 0xffff), UNKNOWN);
	REFUSES(put_head(UNKNOWN, 0x7fff, 10), UNKNOWN + 10); /* two bytes are left */
	REFUSES(put_head(RMRR, 1, 23), RMRR);
	REFUSES(table[DRHD1 + 5] = 5, DRHD1);
	REFUSES(table[DRHD0 + 17] = 0, DRHD0);
	REFUSES(table[DRHD0 + 17] = 6, DRHD0);
	REFUSES(table[DRHD0 + 17] = 9, DRHD0);
	REFUSES(table[DRHD0 + 17] = 18, DRHD0);
	REFUSES(table[DRHD0 + 25] = 6, DRHD0);
	REFUSES(put64(DRHD1 + 8, 0), DRHD1);
	REFUSES(put64(DRHD1 + 8, 0xfed92008), DRHD1);
	REFUSES((put64(RMRR + 8, 0), put64(RMRR + 16, 0)), RMRR); /* seen on a machine of 2008 */
	REFUSES(put64(RMRR + 8, 0x7d000001), RMRR);
	REFUSES(put64(RMRR + 16, 0x7d0ffffe), RMRR);
	REFUSES(put64(RMRR + 16, 0x7cffffff), RMRR);
	REFUSES(put64(RMRR + 16, UINT64_MAX), RMRR);
}

static void refuses_headers(void **state)
{
	(void)state;
	REFUSES(table[4]--, 0);
	REFUSES(table[7] = 1, 0);
	good_table(NULL);
	table[4] = DRHD0;
	assert_false(parse(DRHD0));                      /* no unit at all */
	for (uint32_t bytes = 0; bytes < END; bytes++) { /* cut, with the right length given */
		good_table(NULL);
		table[4] = (uint8_t)bytes;
		const bool accepted = parse(bytes);

		if (bytes != DRHD0 + 32 && bytes != DRHD1 + 16 && bytes != RMRR + 32)
			assert_false(accepted);
	}
}

/* @count copies of the unit at DRHD1, each at its own address. */
static bool units(uint32_t count)
{
	static uint8_t many[DRHD0 + 16 * (BOOT_MAX_UNITS + 1)];
	const uint32_t bytes = DRHD0 + 16 * count;

	memcpy(many + 4, &bytes, sizeof(bytes));
	for (uint32_t i = 0; i < count; i++) {
		memcpy(many + DRHD0 + 16 * i, table + DRHD1, 16);
		memcpy(many + DRHD0 + 16 * i + 8, &(uint64_t){0xfe000000 + i * 4096}, 8);
	}
	return dmar_parse(many, bytes, &parsed);
}

/* A unit and @count ranges. */
static bool ranges(uint32_t count)
{
	static uint8_t many[DRHD0 + 16 + 32 * (BOOT_MAX_RESERVED + 1)];
	const uint32_t bytes = DRHD0 + 16 + 32 * count;

	memcpy(many + 4, &bytes, sizeof(bytes));
	memcpy(many + DRHD0, table + DRHD1, 16);
	for (uint32_t i = 0; i < count; i++)
		memcpy(many + DRHD0 + 16 + 32 * i, table + RMRR, 32);
	return dmar_parse(many, bytes, &parsed);
}

static void refuses_too_many(void **state)
{
	(void)state;
	assert_true(units(BOOT_MAX_UNITS));
	assert_false(units(BOOT_MAX_UNITS + 1));
	assert_int_equal(parsed.records.unit_count, BOOT_MAX_UNITS);
	assert_true(ranges(BOOT_MAX_RESERVED));
	assert_false(ranges(BOOT_MAX_RESERVED + 1));
	assert_int_equal(parsed.records.reserved_count, BOOT_MAX_RESERVED);
	assert_false(ranges(0) && units(0)); /* ranges without a unit are no table */
}

/* Any single byte, any value: an answer, and no read outside (AddressSanitizer). */
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

/* A server of four sockets and more: what the table has is taken, and more than a machine can have is refused. */
static void large_servers(void **state)
{
	(void)state;
	assert_true(units(17) && units(BOOT_MAX_UNITS));
	assert_int_equal(parsed.records.unit_count, BOOT_MAX_UNITS);
	assert_int_equal(parsed.records.unit[BOOT_MAX_UNITS - 1].base, 0xfe000000 + (BOOT_MAX_UNITS - 1) * 4096);
	assert_false(units(BOOT_MAX_UNITS + 1));
}

static void x2apic_opt_out(void **state)
{
	(void)state;
	table[37] = 0xfd;
	assert_true(parse(END));
	assert_false(parsed.x2apic_opt_out);
	table[37] = 2;
	assert_true(parse(END));
	assert_true(parsed.x2apic_opt_out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(reads_everything, good_table),
		cmocka_unit_test_setup(scopes_that_name_nothing, good_table),
		cmocka_unit_test_setup(refuses_structures, good_table),
		cmocka_unit_test_setup(refuses_headers, good_table),
		cmocka_unit_test_setup(refuses_too_many, good_table),
		cmocka_unit_test_setup(any_byte_changed, good_table),
		cmocka_unit_test_setup(large_servers, good_table),
		cmocka_unit_test_setup(x2apic_opt_out, good_table),
	};
	return cmocka_run_group_tests_name("loader_dmar", tests, NULL, NULL);
}
