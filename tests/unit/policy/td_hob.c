/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TD HOB, entry by entry; that of a real guest: ovmf_measure.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "policy/td_hob.h"

#define GIB (1ull << 30)

static struct tdvf_sections sections;
static struct shim_machine machine;
static struct td_hob hob;

static void add_section(uint32_t type, uint64_t address, uint64_t bytes)
{
	sections.section[sections.count++] = (struct tdvf_section){.address = address, .bytes = bytes, .type = type};
}

static int reset(void **state)
{
	(void)state;
	sections.count = 0;
	add_section(0, 0xfffff000, 0x1000); /* not in RAM */
	return shim_machine(SHIM_Q35, 1 * GIB, &machine) ? 0 : -1;
}

static uint64_t field(size_t at, unsigned width)
{
	uint64_t value = 0;

	assert_true(at + width <= hob.len);
	for (unsigned i = width; i > 0; i--)
		value = value << 8 | hob.bytes[at + i - 1];
	return value;
}

/* Numbered from 0; after the entry of 56 bytes that begins the list. */
static void resource_is(unsigned number, uint32_t type, uint64_t base, uint64_t bytes)
{
	const size_t at = 56 + 48 * (size_t)number;

	assert_int_equal(field(at, 2), 3);
	assert_int_equal(field(at + 2, 2), 48);
	assert_int_equal(field(at + 4, 4), 0);
	assert_int_equal(field(at + 8, 8) | field(at + 16, 8), 0);
	assert_int_equal(field(at + 24, 4), type);
	assert_int_equal(field(at + 28, 4), 7);
	assert_int_equal(field(at + 32, 8), base);
	assert_int_equal(field(at + 40, 8), bytes);
}

static void list_begins_with_its_end(void **state)
{
	(void)state;
	add_section(TDVF_HOB, 0x4000, 0x2000);
	assert_true(td_hob_make(&sections, &machine, &hob));
	assert_int_equal(hob.len, 56 + 3 * 48);
	assert_int_equal(field(0, 2), 1);
	assert_int_equal(field(2, 2), 56);
	assert_int_equal(field(8, 4), 9);
	for (size_t at = 12; at < 48; at += 4)
		assert_int_equal(field(at, 4), 0);
	assert_int_equal(field(48, 8), 0x4000 + hob.len + 8);
	resource_is(0, 7, 0, 0x4000);
	resource_is(1, 0, 0x4000, 0x2000);
	resource_is(2, 7, 0x6000, 1 * GIB - 0x6000);
}

/* In any order, at a piece's ends, side by side, and one in another. */
static void sections_cut_ram(void **state)
{
	(void)state;
	assert_true(shim_machine(SHIM_Q35, 8 * GIB, &machine));
	add_section(TDVF_TEMPORARY, 2 * GIB - 0x1000, 0x1000);
	add_section(TDVF_HOB, 0x2000, 0x3000);
	add_section(TDVF_TEMPORARY, 4 * GIB, 0x1000);
	add_section(TDVF_TEMPORARY, 0, 0x2000);
	add_section(TDVF_TEMPORARY, 0x3000, 0x1000);
	assert_true(td_hob_make(&sections, &machine, &hob));
	assert_int_equal(hob.len, 56 + 6 * 48);
	resource_is(0, 0, 0, 0x2000);
	resource_is(1, 0, 0x2000, 0x3000);
	resource_is(2, 7, 0x5000, 2 * GIB - 0x6000);
	resource_is(3, 0, 2 * GIB - 0x1000, 0x1000);
	resource_is(4, 0, 4 * GIB, 0x1000);
	resource_is(5, 7, 4 * GIB + 0x1000, 6 * GIB - 0x1000);
}

static void most_sections_have_room(void **state)
{
	(void)state;
	add_section(TDVF_HOB, 0x1000, 0x1000);
	while (sections.count < TDVF_SECTIONS_MAX)
		add_section(TDVF_TEMPORARY, 0x2000ull * sections.count, 0x1000);
	assert_true(td_hob_make(&sections, &machine, &hob));
	assert_true(hob.len <= sizeof(hob.bytes));
}

static void expect_none(void)
{
	assert_false(td_hob_make(&sections, &machine, &hob));
	reset(NULL);
}

static void guests_that_do_not_start(void **state)
{
	static const uint8_t page[4096];

	(void)state;
	expect_none(); /* no section for the list */
	add_section(TDVF_HOB, 1 * GIB - 0x1000, 0x2000);
	expect_none();
	add_section(TDVF_HOB, 1 * GIB, 0x1000);
	expect_none();
	add_section(TDVF_HOB, 0x1000, 0x1000);
	add_section(TDVF_TEMPORARY, 0, 0x2000);
	expect_none();
	add_section(TDVF_HOB, 0x1000, sizeof(page));
	sections.section[1].contents = (struct bytes){page, sizeof(page)};
	expect_none();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(list_begins_with_its_end, reset),
		cmocka_unit_test_setup(sections_cut_ram, reset),
		cmocka_unit_test_setup(most_sections_have_room, reset),
		cmocka_unit_test_setup(guests_that_do_not_start, reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
