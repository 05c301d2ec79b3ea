/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/lib/wipe.c */
/*
 * hv/lib: the memory functions at every small length, offset and overlap, with bytes on either side that must stay. The
 * names of the library are redefined on the command line, so these are ours and not the C library's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "lib/include/string.h"
#include "lib/wipe.h"

#define SPAN 64u

static uint8_t memory[SPAN], expected[SPAN];

static void fill_both(void)
{
	for (uint8_t i = 0; i < SPAN; i++)
		memory[i] = expected[i] = (uint8_t)(0x80 + i);
}

static void assert_as_expected(void)
{
	for (size_t i = 0; i < SPAN; i++)
		assert_int_equal(memory[i], expected[i]);
}

static void memcpy_every_length(void **state)
{
	(void)state;
	for (size_t bytes = 0; bytes <= 30; bytes++) {
		fill_both();
		for (size_t i = 0; i < bytes; i++)
			expected[33 + i] = expected[1 + i];
		assert_ptr_equal(memcpy(memory + 33, memory + 1, bytes), memory + 33);
		assert_as_expected();
	}
}

static void memset_every_length(void **state)
{
	(void)state;
	for (size_t bytes = 0; bytes <= 40; bytes++) {
		fill_both();
		for (size_t i = 0; i < bytes; i++)
			expected[3 + i] = 0xc9;
		assert_ptr_equal(memset(memory + 3, 0x1c9, bytes), memory + 3);
		assert_as_expected();
	}
}

static void memcmp_orders_by_unsigned_bytes(void **state)
{
	(void)state;
	assert_int_equal(memcmp("abc", "abd", 2), 0);
	assert_true(memcmp("abc", "abd", 3) < 0);
	assert_true(memcmp("\x80", "\x7f", 1) > 0);
	assert_int_equal(memcmp("x", "y", 0), 0);
}

static void wipe_clears_exactly(void **state)
{
	(void)state;
	for (size_t bytes = 0; bytes <= 40; bytes++) {
		fill_both();
		for (size_t i = 0; i < bytes; i++)
			expected[5 + i] = 0;
		secure_wipe_through(memory + 5, bytes);
		assert_as_expected();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memcpy_every_length),
		cmocka_unit_test(memset_every_length),
		cmocka_unit_test(memcmp_orders_by_unsigned_bytes),
		cmocka_unit_test(wipe_clears_exactly),
	};

	return cmocka_run_group_tests_name("hv_lib_string", tests, NULL, NULL);
}
