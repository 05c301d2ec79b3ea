/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory types: fixed ranges, variable ranges, overlaps, holes, widths; and that blocks agree with their pages. */
#include "hv_test.h"

#include "mtrr.h"

#define GIB (1ull << 30)
#define MIB (1ull << 20)

static uint64_t cap, definition, variable[64], fixed_types[11];

uint64_t rdmsr(uint32_t msr)
{
	const uint32_t fixed[] = {0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f};

	if (msr == 0xfe)
		return cap;
	if (msr == 0x2ff)
		return definition;
	if (msr >= 0x200 && msr < 0x200 + 2 * (cap & 0xff))
		return variable[msr - 0x200];
	for (unsigned i = 0; i < 11; i++) {
		if (msr == fixed[i])
			return fixed_types[i];
	}
	fail_msg("MSR %x", msr);
	return 0;
}

/* 8 ranges, all off; MTRRs and fixed ranges on; uncacheable by default; fixed ranges write-back. */
static int setup(void **state)
{
	(void)state;
	cap = 1u << 8 | 8;
	definition = 1u << 11 | 1u << 10;
	memset(variable, 0, sizeof(variable));
	for (unsigned i = 0; i < 11; i++)
		fixed_types[i] = 0x0606060606060606;
	return 0;
}

static void set(unsigned i, uint64_t base, uint64_t bytes, unsigned type, unsigned phys_bits)
{
	variable[2 * i] = base | type;
	variable[2 * i + 1] = (((1ull << phys_bits) - 1) & ~(bytes - 1)) | 1u << 11;
}

static unsigned type_at(const struct mtrr *mtrr, uint64_t address)
{
	unsigned type;

	assert_true(mtrr_type(mtrr, paddr(address), 4096, &type));
	return type;
}

static void all_is_uncacheable_with_mtrrs_off(void **state)
{
	struct mtrr mtrr;
	unsigned type;

	(void)state;
	definition = 6 | 1u << 10;
	set(0, 0, GIB, TYPE_WB, 40);
	assert_int_equal(mtrr_read(&mtrr, 40), HV_OK);
	assert_true(mtrr_type(&mtrr, paddr(0), GIB, &type));
	assert_int_equal(type, TYPE_UC);
}

static void fixed_ranges(void **state)
{
	struct mtrr mtrr;
	unsigned type;

	(void)state;
	set(0, 0, 2 * GIB, TYPE_WB, 40);
	fixed_types[0] = 0x0604010506060600;  /* 64 KiB each from 0 */
	fixed_types[2] = 0x0000000000000001;  /* 16 KiB each from 0xa0000 */
	fixed_types[3] = 0x0500000000000000;  /* 4 KiB each from 0xc0000 */
	fixed_types[10] = 0x0406060606060606; /* 4 KiB each from 0xf8000 */
	assert_int_equal(mtrr_read(&mtrr, 40), HV_OK);
	assert_int_equal(type_at(&mtrr, 0), TYPE_UC);
	assert_int_equal(type_at(&mtrr, 0xf000), TYPE_UC);
	assert_int_equal(type_at(&mtrr, 0x10000), TYPE_WB);
	assert_int_equal(type_at(&mtrr, 0x40000), TYPE_WP);
	assert_int_equal(type_at(&mtrr, 0x5f000), TYPE_WC);
	assert_int_equal(type_at(&mtrr, 0x60000), TYPE_WT);
	assert_int_equal(type_at(&mtrr, 0x7f000), TYPE_WB);
	assert_int_equal(type_at(&mtrr, 0x9f000), TYPE_WB);
	assert_int_equal(type_at(&mtrr, 0xa3000), TYPE_WC);
	assert_int_equal(type_at(&mtrr, 0xa4000), TYPE_UC);
	assert_int_equal(type_at(&mtrr, 0xc6000), TYPE_UC);
	assert_int_equal(type_at(&mtrr, 0xc7000), TYPE_WP);
	assert_int_equal(type_at(&mtrr, 0xff000), TYPE_WT);
	assert_int_equal(type_at(&mtrr, 0x100000), TYPE_WB);
	assert_false(mtrr_type(&mtrr, paddr(0), 2 * MIB, &type));
	assert_false(mtrr_type(&mtrr, paddr(0), GIB, &type));
	assert_true(mtrr_type(&mtrr, paddr(2 * MIB), 2 * MIB, &type));
	assert_true(mtrr_type(&mtrr, paddr(GIB), GIB, &type));
	assert_int_equal(type, TYPE_WB);
}

static void fixed_ranges_off(void **state)
{
	struct mtrr mtrr;

	(void)state;
	set(0, 0, GIB, TYPE_WT, 40);
	definition = 1u << 11;
	assert_int_equal(mtrr_read(&mtrr, 40), HV_OK);
	assert_int_equal(type_at(&mtrr, 0), TYPE_WT);
	definition = 1u << 11 | 1u << 10;
	cap = 8; /* the CPU has none */
	assert_int_equal(mtrr_read(&mtrr, 40), HV_OK);
	assert_int_equal(type_at(&mtrr, 0), TYPE_WT);
}

/* Write-back by default with an uncacheable hole below 4 GiB, and a frame buffer in it. */
static void an_uncacheable_hole_splits_write_back(void **state)
{
	struct mtrr mtrr;
	unsigned type;

	(void)state;
	definition |= TYPE_WB;
	set(0, 3 * GIB, GIB, TYPE_UC, 40);
	set(1, 2 * GIB + 8 * MIB, 8 * MIB, TYPE_WC, 40);
	assert_int_equal(mtrr_read(&mtrr, 40), HV_OK);
	assert_int_equal(type_at(&mtrr, 3 * GIB - 4096), TYPE_WB);
	assert_int_equal(type_at(&mtrr, 3 * GIB), TYPE_UC);
	assert_int_equal(type_at(&mtrr, 4 * GIB), TYPE_WB);
	assert_true(mtrr_type(&mtrr, paddr(3 * GIB), GIB, &type));
	assert_int_equal(type, TYPE_UC);
	assert_false(mtrr_type(&mtrr, paddr(2 * GIB), GIB, &type));
	assert_true(mtrr_type(&mtrr, paddr(2 * GIB + 8 * MIB), 2 * MIB, &type));
	assert_int_equal(type, TYPE_WC);
	assert_true(mtrr_type(&mtrr, paddr(2 * GIB + 16 * MIB), 2 * MIB, &type));
	assert_int_equal(type, TYPE_WB);
}

static void overlaps_follow_the_manuals_precedence(void **state)
{
	struct mtrr mtrr;

	(void)state;
	set(0, 0, 4 * GIB, TYPE_WB, 40);
	set(3, 2 * GIB, GIB, TYPE_WT, 40);
	set(5, 2 * GIB + 512 * MIB, 256 * MIB, TYPE_UC, 40);
	assert_int_equal(mtrr_read(&mtrr, 40), HV_OK);
	assert_int_equal(type_at(&mtrr, GIB), TYPE_WB);
	assert_int_equal(type_at(&mtrr, 2 * GIB), TYPE_WT);
	assert_int_equal(type_at(&mtrr, 2 * GIB + 512 * MIB), TYPE_UC);
	assert_int_equal(type_at(&mtrr, 2 * GIB + 768 * MIB), TYPE_WT);
	assert_int_equal(type_at(&mtrr, 3 * GIB), TYPE_WB);
	assert_int_equal(type_at(&mtrr, 4 * GIB), TYPE_UC);
}

static void undefined_combinations_are_refused(void **state)
{
	struct mtrr mtrr;

	set(0, 0, 4 * GIB, TYPE_WB, 40);
	set(1, GIB, GIB, TYPE_WC, 40); /* write-combining over write-back has no defined result */
	assert_int_equal(mtrr_read(&mtrr, 40), HV_E_MTRR);
	set(0, 0, 4 * GIB, TYPE_WC, 40);
	set(1, GIB, GIB, TYPE_WT, 40);
	assert_int_equal(mtrr_read(&mtrr, 40), HV_E_MTRR);
	set(0, 0, 4 * GIB, TYPE_WB, 40);
	set(1, GIB, GIB, TYPE_WP, 40);
	assert_int_equal(mtrr_read(&mtrr, 40), HV_E_MTRR);
	set(1, 4 * GIB, GIB, TYPE_WC, 40);
	assert_int_equal(mtrr_read(&mtrr, 40), HV_OK);
	for (unsigned type = 0; type < 256; type++) {
		const bool defined = type == 0 || type == 1 || (type >= 4 && type <= 6);

		setup(state);
		set(7, 0, GIB, type, 40);
		assert_int_equal(mtrr_read(&mtrr, 40), defined ? HV_OK : HV_E_MTRR);
		setup(state);
		definition |= type;
		assert_int_equal(mtrr_read(&mtrr, 40), defined ? HV_OK : HV_E_MTRR);
		setup(state);
		fixed_types[4] = (uint64_t)type << 24;
		assert_int_equal(mtrr_read(&mtrr, 40), defined ? HV_OK : HV_E_MTRR);
	}
	setup(state);
	cap = 17;
	assert_int_equal(mtrr_read(&mtrr, 40), HV_E_MTRR);
}

static void masks_follow_the_physical_width(void **state)
{
	const unsigned bits[] = {36, 39, 46, 52};

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		const uint64_t end = 1ull << bits[i];
		struct mtrr mtrr;

		setup(state);
		set(0, end - GIB, GIB, TYPE_WC, bits[i]);
		set(1, 0, end / 2, TYPE_WB, bits[i]);
		variable[1] |= ~(end - 1); /* firmware that writes ones beyond the width is understood all the same */
		assert_int_equal(mtrr_read(&mtrr, bits[i]), HV_OK);
		assert_int_equal(type_at(&mtrr, end - 4096), TYPE_WC);
		assert_int_equal(type_at(&mtrr, end - GIB), TYPE_WC);
		assert_int_equal(type_at(&mtrr, end - GIB - 4096), TYPE_UC);
		assert_int_equal(type_at(&mtrr, end / 2 - 4096), TYPE_WB);
		assert_int_equal(type_at(&mtrr, end / 2), TYPE_UC);
	}
}

/* Masks with gaps are allowed (SDM 3A 12.11.4): whatever a block is said to be, each of its pages is. */
static void blocks_agree_with_pages(void **state)
{
	struct mtrr mtrr;
	unsigned type, blocks = 0;

	(void)state;
	set(0, 0, 64 * MIB, TYPE_WB, 40);
	set(1, 16 * MIB, 2 * MIB, TYPE_UC, 40);
	set(2, 64 * MIB, 64 * MIB, TYPE_WT, 40);
	variable[5] &= ~(1ull << 22); /* with bit 22 of the address not compared */
	set(3, 24 * MIB, 4096, TYPE_UC, 40);
	assert_int_equal(mtrr_read(&mtrr, 40), HV_OK);
	for (uint64_t base = 2 * MIB; base < 256 * MIB; base += 2 * MIB) {
		if (!mtrr_type(&mtrr, paddr(base), 2 * MIB, &type))
			continue;
		blocks++;
		for (uint64_t at = base; at < base + 2 * MIB; at += 4096)
			assert_int_equal(type_at(&mtrr, at), type);
	}
	assert_int_equal(blocks, 126); /* all but the one with the page */
	assert_int_equal(type_at(&mtrr, 24 * MIB), TYPE_UC);
	assert_int_equal(type_at(&mtrr, 24 * MIB + 4096), TYPE_WB);
}

/* To the page: after the ranges, in a hole of any size, in the VGA window; and none where all is write-back. */
static void write_back_end(void **state)
{
	struct mtrr mtrr;

	(void)state;
	set(0, 0, 4 * GIB, TYPE_WB, 40);
	set(1, 4 * GIB, 2 * GIB, TYPE_WB, 40);
	set(2, 3 * GIB + 4096, 4096, TYPE_UC, 40);
	set(3, 5 * GIB + 512 * MIB, 512 * MIB, TYPE_WT, 40);
	fixed_types[2] = 0; /* 16 KiB each from 0xa0000 */
	assert_int_equal(mtrr_read(&mtrr, 40), HV_OK);
	assert_int_equal(mtrr_write_back_end(&mtrr, paddr(0), 0xa0000), 0xa0000);
	assert_int_equal(mtrr_write_back_end(&mtrr, paddr(0), MIB), 0xa0000);
	assert_int_equal(mtrr_write_back_end(&mtrr, paddr(MIB), 3 * GIB), 3 * GIB);
	assert_int_equal(mtrr_write_back_end(&mtrr, paddr(MIB), 4 * GIB), 3 * GIB + 4096);
	assert_int_equal(mtrr_write_back_end(&mtrr, paddr(3 * GIB + 4096), 4 * GIB), 3 * GIB + 4096);
	assert_int_equal(mtrr_write_back_end(&mtrr, paddr(3 * GIB + 8192), 5 * GIB + MIB + 4096), 5 * GIB + MIB + 4096);
	assert_int_equal(mtrr_write_back_end(&mtrr, paddr(4 * GIB - MIB), 7 * GIB), 5 * GIB + 512 * MIB);
	assert_int_equal(mtrr_write_back_end(&mtrr, paddr(6 * GIB - 4096), 6 * GIB), 6 * GIB - 4096);
	assert_int_equal(mtrr_write_back_end(&mtrr, paddr(6 * GIB), 7 * GIB), 6 * GIB); /* no range covers it */
	assert_int_equal(mtrr_write_back_end(&mtrr, paddr(7 * GIB), 7 * GIB), 7 * GIB); /* empty */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(all_is_uncacheable_with_mtrrs_off, setup),
		cmocka_unit_test_setup(fixed_ranges, setup),
		cmocka_unit_test_setup(fixed_ranges_off, setup),
		cmocka_unit_test_setup(an_uncacheable_hole_splits_write_back, setup),
		cmocka_unit_test_setup(overlaps_follow_the_manuals_precedence, setup),
		cmocka_unit_test_setup(undefined_combinations_are_refused, setup),
		cmocka_unit_test_setup(masks_follow_the_physical_width, setup),
		cmocka_unit_test_setup(blocks_agree_with_pages, setup),
		cmocka_unit_test_setup(write_back_end, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
