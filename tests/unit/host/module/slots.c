/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory slots of the module, and the ranges that a domain gets of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>

#include "slots.h"

#define LIMIT (1ull << 47)
#define GIB   (1ull << 30)
#define USER  0x7f0000000000ull

static struct slots slots;
static struct slot removed;

static struct kvm_userspace_memory_region2 region(uint32_t slot, uint64_t gpa, uint64_t bytes)
{
	return (struct kvm_userspace_memory_region2){.slot = slot,
						     .flags = KVM_MEM_GUEST_MEMFD,
						     .guest_phys_addr = gpa,
						     .memory_size = bytes,
						     .userspace_addr = USER + gpa};
}

static int set(uint32_t slot, uint64_t gpa, uint64_t bytes)
{
	const struct kvm_userspace_memory_region2 wanted = region(slot, gpa, bytes);

	return slots_set(&slots, &wanted, &removed);
}

static int start(void **state)
{
	(void)state;
	slots = (struct slots){.limit = LIMIT};
	return 0;
}

static void test_added_and_removed(void **state)
{
	(void)state;
	assert_int_equal(set(3, GIB, GIB), 0);
	assert_int_equal(removed.bytes, 0);
	assert_ptr_equal(slots_find(&slots, GIB), &slots.slot[3]);
	assert_ptr_equal(slots_find(&slots, 2 * GIB - 1), &slots.slot[3]);
	assert_null(slots_find(&slots, 2 * GIB));
	assert_null(slots_find(&slots, GIB - 1));
	assert_int_equal(set(3, 0, 0), 0);
	assert_int_equal(removed.gpa, GIB);
	assert_int_equal(removed.bytes, GIB);
	assert_null(slots_find(&slots, GIB));
	assert_int_equal(set(3, 0, 0), -EINVAL);
}

static void test_overlap(void **state)
{
	(void)state;
	assert_int_equal(set(0, GIB, GIB), 0);
	assert_int_equal(set(1, 2 * GIB - 4096, 8192), -EEXIST);
	assert_int_equal(set(1, GIB - 4096, 8192), -EEXIST);
	assert_int_equal(set(1, 0, 4 * GIB), -EEXIST);
	assert_int_equal(set(1, GIB + 4096, 4096), -EEXIST);
	assert_int_equal(set(1, 2 * GIB, GIB), 0);
	assert_int_equal(set(0, 8 * GIB, GIB), -EINVAL); /* a slot in use is taken away first */
	assert_int_equal(set(0, GIB, 2 * GIB), -EINVAL);
	assert_int_equal(set(0, GIB, GIB), 0); /* the same, perhaps with other flags */
	assert_int_equal(set(SLOTS_MAX, 8 * GIB, GIB), -EINVAL);
	assert_int_equal(set(1u << 16, 8 * GIB, GIB), -EINVAL); /* another address space */
}

static void test_ranges(void **state)
{
	(void)state;
	assert_int_equal(set(0, 1, 4096), -EINVAL);
	assert_int_equal(set(0, 0, 4095), -EINVAL);
	assert_int_equal(set(0, LIMIT, 4096), -EINVAL);
	assert_int_equal(set(0, LIMIT - 4096, 8192), -EINVAL);
	assert_int_equal(set(0, 4096, ~4095ull), -EINVAL);
	assert_int_equal(set(0, LIMIT - 4096, 4096), 0);
}

static void test_fields(void **state)
{
	struct kvm_userspace_memory_region2 wanted = region(0, 0, GIB);

	(void)state;
	wanted.flags |= KVM_MEM_READONLY;
	assert_int_equal(slots_set(&slots, &wanted, &removed), -EINVAL);
	wanted = region(0, 0, GIB);
	wanted.userspace_addr++;
	assert_int_equal(slots_set(&slots, &wanted, &removed), -EINVAL);
	wanted = region(0, 0, GIB);
	wanted.userspace_addr = ~0ull - GIB + 4097;
	assert_int_equal(slots_set(&slots, &wanted, &removed), -EINVAL);
	wanted = region(0, 0, GIB);
	wanted.guest_memfd_offset = ~4095ull;
	assert_int_equal(slots_set(&slots, &wanted, &removed), -EINVAL);
	wanted.flags = 0; /* then it has no meaning */
	assert_int_equal(slots_set(&slots, &wanted, &removed), 0);
	assert_false(slots.slot[0].private);
}

static void test_layout(void **state)
{
	struct domain_params params = {0};

	(void)state;
	assert_int_equal(slots_layout(&slots, &params), -EINVAL);
	assert_int_equal(set(5, 4 * GIB, 2 * GIB), 0);
	assert_int_equal(set(0, 0, 0xa0000), 0);
	assert_int_equal(set(7, 0xa0000, 0x60000), 0);
	assert_int_equal(set(2, 4 * GIB - 0x400000, 0x400000), 0);
	assert_int_equal(slots_layout(&slots, &params), 0);
	assert_int_equal(params.ram_count, 2); /* in order, and the firmware is not part of the RAM that follows it */
	assert_int_equal(params.ram[0].bytes, 0x100000);
	assert_int_equal(params.ram[1].base, 4 * GIB);
	assert_int_equal(params.firmware.bytes, 0x400000);
}

static void test_layout_has_firmware(void **state)
{
	struct domain_params params = {0};

	(void)state;
	assert_int_equal(set(0, 0, GIB), 0);
	assert_int_equal(set(2, 4 * GIB - 0x400000, 0x400000), 0);
	assert_int_equal(slots_layout(&slots, &params), 0);
	assert_int_equal(params.ram_count, 1);
	assert_int_equal(params.ram[0].base, 0);
	assert_int_equal(params.ram[0].bytes, GIB);
	assert_int_equal(params.firmware.base, 4 * GIB - 0x400000);
	assert_int_equal(params.firmware.bytes, 0x400000);
}

/* It ends where firmware does, and is none. */
static void test_layout_of_ram_alone(void **state)
{
	struct domain_params params = {0};

	(void)state;
	assert_int_equal(set(0, 0, 4 * GIB), 0);
	assert_int_equal(slots_layout(&slots, &params), 0);
	assert_int_equal(params.ram_count, 1);
	assert_int_equal(params.ram[0].bytes, 4 * GIB);
	assert_int_equal(params.firmware.bytes, 0);
}

static void test_layout_is_bounded(void **state)
{
	struct domain_params params = {0};

	(void)state;
	for (uint32_t i = 0; i <= DOMAIN_MAX_RAM; i++)
		assert_int_equal(set(i, 2 * i * GIB, GIB), 0);
	assert_int_equal(slots_layout(&slots, &params), -E2BIG);
	assert_int_equal(set(0, 0, 0), 0);
	assert_int_equal(slots_layout(&slots, &params), 0);
	assert_int_equal(params.ram_count, DOMAIN_MAX_RAM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_added_and_removed, start),
		cmocka_unit_test_setup(test_overlap, start),
		cmocka_unit_test_setup(test_ranges, start),
		cmocka_unit_test_setup(test_fields, start),
		cmocka_unit_test_setup(test_layout, start),
		cmocka_unit_test_setup(test_layout_has_firmware, start),
		cmocka_unit_test_setup(test_layout_of_ram_alone, start),
		cmocka_unit_test_setup(test_layout_is_bounded, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
