/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of memory ranges. */
#include "loader_test.h"

#include "ranges.h"

static void sorts_and_joins(void **state)
{
	struct boot_range list[] = {{0x9000, 0x1000}, {0x1000, 0x2000}, {0x5000, 0},      {0x3000, 0x1000},
				    {0x6000, 0x2000}, {0x6000, 0x1000}, {0x7000, 0x1000}, {0x1000, 0x1000}};
	(void)state;

	assert_int_equal(ranges_normalise(list, 8), 3);
	assert_int_equal(list[0].base, 0x1000);
	assert_int_equal(list[0].bytes, 0x3000);
	assert_int_equal(list[1].base, 0x6000);
	assert_int_equal(list[1].bytes, 0x2000);
	assert_int_equal(list[2].base, 0x9000);
	assert_int_equal(list[2].bytes, 0x1000);
}

static void empty_ranges_vanish(void **state)
{
	struct boot_range empty = {0x1000, 0};
	(void)state;

	assert_int_equal(ranges_normalise(&empty, 0), 0);
	assert_int_equal(ranges_normalise(&empty, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sorts_and_joins),
		cmocka_unit_test(empty_ranges_vanish),
	};

	return cmocka_run_group_tests_name("loader_ranges", tests, NULL, NULL);
}
