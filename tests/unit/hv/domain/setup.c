/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/support/reports.c */
/* links: hv/domain/ hv/attest/sha384.c hv/machine/ram.c hv/machine/features.c hv/lib/wipe.c hv/vcpu/event.c */
/* links: tests/unit/support/guest_vcpu.c */
/* Which registers are switched by hand: those that the CPU has, since reading another one would fault. */
#include "hv_test.h"

#include "domain/pool.h"
#include "guest_vcpu.h"
#include "vcpu/launch.h"
#include "vendor.h"
#include "x86/msr.h"

static uint8_t pages[VENDOR_DOMAIN_PAGES * PAGE_BYTES] __attribute__((aligned(PAGE_BYTES)));
static struct guest_setup setup;

void vcpu_build_maps(struct domain *domain, paddr_t at)
{
	assert_ptr_equal(domain, &setup.maps);
	assert_ptr_equal(region_pointer(at), pages);
}

void vcpu_allow_msr(const struct domain *domain, uint32_t msr, bool write)
{
	assert_ptr_equal(domain, &setup.maps);
	(void)msr, (void)write;
}

static bool switched(uint32_t msr)
{
	for (uint32_t i = 0; i < setup.msr_count; i++) {
		if (setup.msr[i] == msr)
			return true;
	}
	return false;
}

static void prepare(uint32_t last_leaf)
{
	bed.last_leaf = last_leaf;
	memset(&setup, 0, sizeof(setup));
	guest_prepare(&setup, region_paddr(pages), 48);
}

static void registers_that_the_cpu_has(void **state)
{
	(void)state;
	prepare(0xd);
	assert_true(switched(IA32_XSS));
	assert_true(switched(IA32_TSC_AUX));
	assert_true(switched(IA32_SPEC_CTRL));
}

/* What the CPU answers above its last leaf promises no register. */
static void no_register_of_a_leaf_above_the_last_one(void **state)
{
	(void)state;
	prepare(0xb);
	assert_false(switched(IA32_XSS));
	assert_true(switched(IA32_TSC_AUX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(registers_that_the_cpu_has, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(no_register_of_a_leaf_above_the_last_one, bed_start, bed_stop),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
