/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The floor's pages: each is made read-only, and each is known when a write to it exits. Its ports are in io.c. */
#include "hv_test.h"

#include "machine/cpu.h"
#include "root/floor.h"
#include "root/root.h"
#include "vcpu/vcpu.h"
#include "x86/instructions.h"

#define RANGES 3u

static struct root root;
static struct machine m;
static struct boot_range protected[RANGES];
static unsigned protections, fails_at;

enum hv_error stage2_write_protect(struct stage2 *stage2, gpa_t base, uint64_t bytes)
{
	assert_ptr_equal(stage2, &root.domain.stage2);
	assert_true(protections < RANGES);
	protected[protections] = (struct boot_range){base.value, bytes};
	return ++protections == fails_at ? HV_E_STAGE2_FULL : HV_OK;
}

static int new_floor(void **state)
{
	(void)state;
	m = (struct machine){.root = &root};
	root.floor_detour = paddr(0x9000);
	protections = fails_at = 0;
	m.boot.floor.range_count = RANGES;
	m.boot.floor.range[0] = (struct boot_range){0xe0000000, 0x1000};
	m.boot.floor.range[1] = (struct boot_range){0xe0008000, 0x3000};
	m.boot.floor.range[2] = (struct boot_range){0xfed10000, 0x1000};
	return 0;
}

static void each_range_is_protected(void **state)
{
	(void)state;
	assert_int_equal(floor_protect(&m), HV_OK);
	assert_int_equal(protections, RANGES);
	assert_memory_equal(protected, m.boot.floor.range, sizeof(protected));
	m.boot.floor.range_count = protections = 0;
	assert_int_equal(floor_protect(&m), HV_OK);
	assert_int_equal(protections, 0);
}

static void a_full_table_ends_it(void **state)
{
	(void)state;
	for (fails_at = 1; fails_at <= RANGES; fails_at++) {
		protections = 0;
		assert_int_equal(floor_protect(&m), HV_E_STAGE2_FULL);
		assert_int_equal(protections, fails_at);
	}
}

/* Where does a write at @address go: to the view in which it is dropped? */
static bool is_diverted(uint64_t address)
{
	const struct cpu cpu = {.machine = &m};
	const struct vcpu vcpu = {.cpu = (struct cpu *)&cpu};
	const uint64_t view = floor_detour(&vcpu, gpa(address)).value;

	assert_true(view == 0 || view == 0x9000);
	return view != 0;
}

static void each_page_is_known(void **state)
{
	(void)state;
	for (unsigned i = 0; i < RANGES; i++) {
		const uint64_t base = m.boot.floor.range[i].base, end = base + m.boot.floor.range[i].bytes;

		assert_true(is_diverted(base));
		assert_true(is_diverted(end - 1));
		assert_false(is_diverted(base - 1));
		assert_false(is_diverted(end));
	}
	m.boot.floor.range_count = 0;
	assert_false(is_diverted(0xe0000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_range_is_protected, new_floor),
		cmocka_unit_test_setup(a_full_table_ends_it, new_floor),
		cmocka_unit_test_setup(each_page_is_known, new_floor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
