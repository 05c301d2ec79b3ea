/* SPDX-License-Identifier: GPL-2.0-or-later */
/* DMAR: a good table, one wrong field at a time, every cut and every byte changed; where units and reserved memory may lie. */
#include "hv_test.h"

#include "iommu/dma_table.h"

#define PHYS_BITS 40u
#define MIB       (1ull << 20)

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

/* In memory of its own length, so that a read behind the end is seen. */
static enum hv_error parse(uint32_t bytes)
{
	uint8_t *const copy = malloc(bytes + 1);
	enum hv_error error;

	assert_non_null(copy);
	memmove(copy + 1, table, bytes);
	error = dmar_parse(copy + 1, bytes, &parsed);
	free(copy);
	return error;
}

static bool named(uint32_t device, uint32_t function)
{
	return (parsed.named[device] >> function & 1) != 0;
}

static void reads_everything(void **state)
{
	(void)state;
	assert_int_equal(parse(END), HV_OK);
	assert_int_equal(parsed.unit_count, 2);
	assert_int_equal(parsed.units[0].base, 0xfed90000);
	assert_int_equal(parsed.units[0].bytes, 4096);
	assert_false(parsed.units[0].covers_all);
	assert_int_equal(parsed.units[1].base, 0xfed92000);
	assert_int_equal(parsed.units[1].bytes, 8192);
	assert_true(parsed.units[1].covers_all);
	assert_int_equal(parsed.reserved_count, 1);
	assert_int_equal(parsed.reserved[0].base, 0x7d000000);
	assert_int_equal(parsed.reserved[0].bytes, 0x100000);
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
	assert_int_equal(parse(END), HV_OK);
	assert_false(named(0x1f, 2));
	assert_false(named(3, 0));
	good_table(state);
	put16(DRHD0 + 6, 1); /* another segment */
	assert_int_equal(parse(END), HV_OK);
	assert_false(named(0x1f, 2));
	good_table(state);
	table[DRHD0 + 16 + 1] = 16; /* a device behind a bridge, by its path: the bridge itself is not covered */
	assert_int_equal(parse(END), HV_OK);
	assert_false(named(0x1f, 2));
}

#define REFUSES(statement, at)                                \
	do {                                                  \
		good_table(NULL);                             \
		statement;                                    \
		assert_int_equal(parse(END), HV_E_DMA_TABLE); \
		assert_int_equal(parsed.where, at);           \
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
	assert_int_equal(parse(DRHD0), HV_E_DMA_TABLE);  /* no unit at all */
	for (uint32_t bytes = 0; bytes < END; bytes++) { /* cut, with the length told right */
		good_table(NULL);
		table[4] = (uint8_t)bytes;
		const enum hv_error error = parse(bytes);

		if (bytes != DRHD0 + 32 && bytes != DRHD1 + 16 && bytes != RMRR + 32)
			assert_int_equal(error, HV_E_DMA_TABLE);
	}
}

static void too_many(uint16_t type, uint16_t structure_bytes, uint32_t most)
{
	static uint8_t many[48 + 40 * 32];
	uint32_t at = 48;

	memset(many, 0, sizeof(many));
	for (uint32_t i = 0; i <= most; i++, at += structure_bytes) {
		memcpy(many + at, table + (type == 0 ? DRHD1 : RMRR), structure_bytes);
		memcpy(many + 4, &(uint32_t){at + structure_bytes}, 4);
		const enum hv_error error = dmar_parse(many, at + structure_bytes, &parsed);

		if (i == most || type == 1) /* RMRRs without a unit are no table */
			assert_int_equal(error, HV_E_DMA_TABLE);
		else
			assert_int_equal(error, HV_OK);
	}
	assert_int_equal(type == 0 ? parsed.unit_count : parsed.reserved_count, most);
}

static void refuses_too_many(void **state)
{
	(void)state;
	too_many(0, 16, DMA_MAX_UNITS);
	too_many(1, 32, DMA_MAX_RESERVED);
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
			assert_true(parsed.unit_count <= DMA_MAX_UNITS && parsed.reserved_count <= DMA_MAX_RESERVED);
		}
	}
}

static const struct boot_info boot = {
	.ram_count = 2,
	.hidden_count = 1,
	.region = {256 * MIB, 4 * MIB},
	.pool = {512 * MIB, 64 * MIB},
	.ram = {{0, 640 * 1024}, {1 * MIB, 255 * MIB}},
	.hidden = {{0xfed41000, 0x4000}},
};

static enum hv_error check(void)
{
	assert_int_equal(parse(END), HV_OK);
	return dma_table_check(&parsed, &boot, PHYS_BITS);
}

static enum hv_error check_unit(uint64_t base)
{
	good_table(NULL);
	put64(DRHD1 + 8, base);
	return check();
}

static void units_in_places(void **state)
{
	(void)state;
	assert_int_equal(check_unit(0xfed92000), HV_OK);
	assert_int_equal(check_unit((1ull << PHYS_BITS) - 8192), HV_OK);
	assert_int_equal(check_unit((1ull << PHYS_BITS) - 4096), HV_E_DMA_TABLE);
	assert_int_equal(parsed.where, (1ull << PHYS_BITS) - 4096);
	assert_int_equal(check_unit(0), HV_E_DMA_TABLE);
	assert_int_equal(check_unit(0xfed92008), HV_E_DMA_TABLE);
	assert_int_equal(check_unit(1ull << PHYS_BITS), HV_E_DMA_TABLE);
	assert_int_equal(check_unit(~0xfffull), HV_E_DMA_TABLE);
	assert_int_equal(check_unit(0xfed90000), HV_E_DMA_TABLE); /* the other unit */
	assert_int_equal(check_unit(0xfed8f000), HV_E_DMA_TABLE); /* its second page is */
	assert_int_equal(check_unit(0xfed40000), HV_E_DMA_TABLE); /* TPM */
	assert_int_equal(check_unit(2 * MIB), HV_E_DMA_TABLE);    /* RAM */
	assert_int_equal(check_unit(257 * MIB), HV_E_DMA_TABLE);  /* the hypervisor */
	assert_int_equal(check_unit(513 * MIB), HV_E_DMA_TABLE);  /* the pool */
}

static enum hv_error check_reserved(uint64_t base, uint64_t bytes)
{
	good_table(NULL);
	put64(RMRR + 8, base);
	put64(RMRR + 16, base + bytes - 1);
	return check();
}

static void reserved_memory_in_places(void **state)
{
	(void)state;
	assert_int_equal(check_reserved(2 * MIB, MIB), HV_OK); /* RAM may be */
	assert_int_equal(check_reserved(256 * MIB - 4096, 4096), HV_OK);
	assert_int_equal(check_reserved(256 * MIB - 4096, 8192), HV_E_DMA_RESERVED);
	assert_int_equal(parsed.where, 256 * MIB - 4096);
	assert_int_equal(check_reserved(257 * MIB, 4096), HV_E_DMA_RESERVED);
	assert_int_equal(check_reserved(0, 1ull << 39), HV_E_DMA_RESERVED);
	assert_int_equal(check_reserved(575 * MIB, 4096), HV_E_DMA_RESERVED);
	assert_int_equal(check_reserved(0xfed44000, 4096), HV_E_DMA_RESERVED);
	assert_int_equal(check_reserved(0xfed90000, 4096), HV_E_DMA_RESERVED);
	assert_int_equal(check_reserved(1ull << PHYS_BITS, 4096), HV_E_DMA_TABLE);
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
		cmocka_unit_test_setup(units_in_places, good_table),
		cmocka_unit_test_setup(reserved_memory_in_places, good_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
