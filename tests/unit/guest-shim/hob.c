/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/support/shim_vmm.c tests/unit/support/fw_cfg_device.c */
/* links: tests/unit/support/changing_memory.c */
/* The list of hand-off blocks: QEMU's, and each way in which a VMM may lie with it. */
#include "shim_test.h"

#include "guest-shim/hob.h"
#include "shim_vmm.h"

#define LIMIT      (1ull << 39)
#define RAM        0u
#define UNACCEPTED 7u
#define MIB        (1ull << 20)
#define END        0xffffu

static uint8_t list[4096];
static size_t used;
static struct shim_machine machine;

static void block(uint16_t type, uint16_t length, size_t bytes)
{
	memcpy(list + used, &type, 2);
	memcpy(list + used + 2, &length, 2);
	used += bytes;
}

static void resource(uint32_t type, uint64_t base, uint64_t bytes)
{
	memcpy(list + used + 24, &type, 4);
	memcpy(list + used + 32, &base, 8);
	memcpy(list + used + 40, &bytes, 8);
	block(3, 48, 48);
}

static int begin(void **state)
{
	(void)state;
	memset(list, 0, sizeof(list));
	memset(&machine, 0, sizeof(machine));
	used = 0;
	block(1, 56, 56);
	return 0;
}

static const char *read_list(void)
{
	return VMM_RUNS(hob_read_ram(list, sizeof(list), LIMIT, &machine)) ? NULL : vmm.fatal;
}

static void assert_says(const char *words)
{
	block(END, 8, 8);
	const char *const said = read_list();

	assert_non_null(said);
	assert_non_null(strstr(said, words));
	assert_true(strlen(said) <= VMM_TEXT_MAX);
}

static void ram_of_qemu_is_joined(void **state)
{
	(void)state;
	resource(UNACCEPTED, 0, 0x8000);
	resource(RAM, 0x8000, 0x1000);
	resource(UNACCEPTED, 0x9000, 2048 * MIB - 0x9000);
	resource(UNACCEPTED, 4096 * MIB, 1024 * MIB);
	block(END, 8, 8);
	assert_null(read_list());
	assert_int_equal(machine.ram_count, 2);
	assert_true(machine.ram[0].base == 0 && machine.ram[0].bytes == 2048 * MIB);
	assert_true(machine.ram[1].base == 4096 * MIB && machine.ram[1].bytes == 1024 * MIB);
	for (uint32_t i = 2; i < SHIM_RAM_MAX; i++)
		assert_true(machine.ram[i].base == 0 && machine.ram[i].bytes == 0);
}

static void other_blocks_are_passed_over(void **state)
{
	(void)state;
	block(4, 40, 40);
	resource(UNACCEPTED, 0, MIB);
	block(END, 8, 8);
	assert_null(read_list());
	assert_int_equal(machine.ram_count, 1);
}

static void empty_list_is_refused(void **state)
{
	(void)state;
	assert_says("too little RAM at address 0");
}

static void ram_that_begins_later_is_refused(void **state)
{
	(void)state;
	resource(UNACCEPTED, 0x1000, 2 * MIB);
	assert_says("too little RAM at address 0");
}

static void end_of_no_length_is_refused(void **state)
{
	(void)state;
	resource(UNACCEPTED, 0, MIB);
	block(END, 0, 8);
	assert_string_equal(read_list(), "HOB: a block of a wrong length");
}

static void list_without_end_is_refused(void **state)
{
	(void)state;
	while (used + 40 <= sizeof(list))
		block(4, 40, 40);
	memset(list + used, 0, sizeof(list) - used);
	const char *const said = read_list();

	assert_non_null(said);
	assert_non_null(strstr(said, "HOB: "));
}

static void list_of_a_whole_page_without_end_is_refused(void **state)
{
	(void)state;
	block(4, (uint16_t)(sizeof(list) - used), 8);
	assert_string_equal(read_list(), "HOB: the list has no end");
}

static void block_of_no_length_is_refused(void **state)
{
	(void)state;
	block(4, 0, 8);
	assert_says("a block of a wrong length");
}

static void block_past_the_page_is_refused(void **state)
{
	(void)state;
	block(4, 4048, 8);
	assert_says("a block of a wrong length");
}

static void short_resource_is_refused(void **state)
{
	(void)state;
	block(3, 40, 40);
	assert_says("a resource of a wrong length");
}

static void device_is_refused(void **state)
{
	(void)state;
	resource(1, 0, MIB);
	assert_says("a resource that is no RAM");
}

static void empty_range_is_refused(void **state)
{
	(void)state;
	resource(UNACCEPTED, 0, 0);
	assert_says("no whole pages");
}

static void part_of_a_page_is_refused(void **state)
{
	(void)state;
	resource(UNACCEPTED, 0, 0x1800);
	assert_says("no whole pages");
}

static void unaligned_base_is_refused(void **state)
{
	(void)state;
	resource(UNACCEPTED, 0x800, 0x1000);
	assert_says("no whole pages");
}

static void range_of_everything_is_refused(void **state)
{
	(void)state;
	resource(UNACCEPTED, 0x1000, UINT64_MAX & ~0xfffull);
	assert_says("above the guest's addresses");
}

static void range_up_to_the_shared_bit_is_taken(void **state)
{
	(void)state;
	resource(UNACCEPTED, 0, MIB);
	resource(UNACCEPTED, 4096 * MIB, LIMIT - 4096 * MIB);
	block(END, 8, 8);
	assert_null(read_list());
}

static void range_past_the_shared_bit_is_refused(void **state)
{
	(void)state;
	resource(UNACCEPTED, 4096 * MIB, LIMIT - 4096 * MIB + 0x1000);
	assert_says("above the guest's addresses");
}

static void range_from_the_shared_bit_on_is_refused(void **state)
{
	(void)state;
	resource(UNACCEPTED, LIMIT, 0x1000);
	assert_says("above the guest's addresses");
}

static void overlap_is_refused(void **state)
{
	(void)state;
	resource(UNACCEPTED, 0, 2 * MIB);
	resource(UNACCEPTED, MIB, 2 * MIB);
	assert_says("overlaps");
}

static void falling_order_is_refused(void **state)
{
	(void)state;
	resource(UNACCEPTED, 4096 * MIB, MIB);
	resource(UNACCEPTED, 0, MIB);
	assert_says("overlaps, or is not sorted");
}

static void ram_over_the_image_is_refused(void **state)
{
	(void)state;
	resource(UNACCEPTED, 0, 4096 * MIB);
	assert_says("where devices are");
}

static void ram_up_to_the_devices_is_taken(void **state)
{
	(void)state;
	resource(UNACCEPTED, 0, 0xc0000000);
	block(END, 8, 8);
	assert_null(read_list());
}

static void ninth_range_is_refused(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 9; i++)
		resource(UNACCEPTED, i * 2 * MIB, MIB);
	assert_says("more than 8 ranges");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ram_of_qemu_is_joined, begin),
		cmocka_unit_test_setup(other_blocks_are_passed_over, begin),
		cmocka_unit_test_setup(empty_list_is_refused, begin),
		cmocka_unit_test_setup(ram_that_begins_later_is_refused, begin),
		cmocka_unit_test_setup(end_of_no_length_is_refused, begin),
		cmocka_unit_test_setup(list_without_end_is_refused, begin),
		cmocka_unit_test_setup(list_of_a_whole_page_without_end_is_refused, begin),
		cmocka_unit_test_setup(block_of_no_length_is_refused, begin),
		cmocka_unit_test_setup(block_past_the_page_is_refused, begin),
		cmocka_unit_test_setup(short_resource_is_refused, begin),
		cmocka_unit_test_setup(device_is_refused, begin),
		cmocka_unit_test_setup(empty_range_is_refused, begin),
		cmocka_unit_test_setup(part_of_a_page_is_refused, begin),
		cmocka_unit_test_setup(unaligned_base_is_refused, begin),
		cmocka_unit_test_setup(range_of_everything_is_refused, begin),
		cmocka_unit_test_setup(range_up_to_the_shared_bit_is_taken, begin),
		cmocka_unit_test_setup(range_past_the_shared_bit_is_refused, begin),
		cmocka_unit_test_setup(range_from_the_shared_bit_on_is_refused, begin),
		cmocka_unit_test_setup(overlap_is_refused, begin),
		cmocka_unit_test_setup(falling_order_is_refused, begin),
		cmocka_unit_test_setup(ram_over_the_image_is_refused, begin),
		cmocka_unit_test_setup(ram_up_to_the_devices_is_taken, begin),
		cmocka_unit_test_setup(ninth_range_is_refused, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
