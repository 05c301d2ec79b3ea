/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/support/reports.c */
/* links: hv/domain/ hv/attest/sha384.c hv/machine/ram.c hv/machine/features.c hv/lib/wipe.c hv/vcpu/event.c */
/* links: tests/unit/support/guest_vcpu.c */
/* Which register state a domain may have: what its parameters ask for, and what its XSETBV then takes. */
#include "hv_test.h"

#include "guest_vcpu.h"
#include "vcpu/guest_exit.h"

#define LAST_OFFSET 0x680u /* of component 7 */

static uint64_t native;     /* components that the CPU has */
static uint32_t last_bytes; /* size of component 7 */

static struct cpuid_result cpu_with_components(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_result r = bed_cpuid(leaf, subleaf);

	if (leaf == 0xd && subleaf == 0) {
		r.eax = (uint32_t)native;
		r.edx = (uint32_t)(native >> 32);
	} else if (leaf == 0xd && subleaf == 7) {
		r.eax = last_bytes;
	}
	return r;
}

static int start(void **state)
{
	(void)bed_start(state);
	bed.cpuid = cpu_with_components;
	native = UINT64_MAX;
	last_bytes = 0x400;
	return 0;
}

static bool allowed(uint64_t xfam)
{
	struct domain_params params = bed_params();

	params.xfam = xfam;
	return domain_params_sane(&params, DOMAIN_GPA_BITS);
}

/* x87 and SSE always; AVX; AVX and all of AVX-512. */
static bool is_known(uint64_t xfam)
{
	return xfam == 3 || xfam == 7 || xfam == 0xe7;
}

static void parameters_name_known_components_only(void **state)
{
	(void)state;
	for (uint64_t xfam = 0; xfam < 0x1000; xfam++)
		assert_int_equal(allowed(xfam), is_known(xfam));
	for (unsigned i = 12; i < 64; i++) {
		assert_false(allowed(3 | 1ull << i));
		assert_false(allowed(7 | 1ull << i));
	}
}

static void a_domain_has_no_component_that_the_cpu_lacks(void **state)
{
	(void)state;
	native = 7;
	assert_true(allowed(3));
	assert_true(allowed(7));
	assert_false(allowed(0xe7));
	native = 3;
	assert_true(allowed(3));
	assert_false(allowed(7));
	native = 0x67;
	assert_false(allowed(0xe7));
	native = 0xe700000000;
	assert_false(allowed(3));
	native = UINT64_MAX;
	bed.last_leaf = 0xb;
	assert_false(allowed(3));
}

static void the_area_fits_the_vcpu(void **state)
{
	(void)state;
	last_bytes = VCPU_XSAVE_BYTES - LAST_OFFSET;
	assert_true(allowed(0xe7));
	last_bytes = VCPU_XSAVE_BYTES - LAST_OFFSET + 1;
	assert_false(allowed(0xe7));
	assert_true(allowed(7));
	last_bytes = 0xffffffff;
	assert_false(allowed(0xe7));
}

/* As the CPU would (SDM 1 13.3), and of its own components only: a fault would be the hypervisor's. */
static void xsetbv_takes_what_the_cpu_would(void **state)
{
	static const uint64_t xfams[] = {3, 7, 0xe7};

	(void)state;
	assert_true(bed_enter(0, 0));
	for (size_t i = 0; i < sizeof(xfams) / sizeof(xfams[0]); i++) {
		bed_guest(0)->td->info.params.xfam = xfams[i];
		for (uint64_t value = 0; value < 0x1000; value++) {
			const bool valid =
				(value & ~xfams[i]) == 0 && (value == 1 || value == 3 || value == 7 || value == 0xe7);

			bed_secrets();
			bed_registers(0)->rcx = 0x5ec4e700000000;
			bed_registers(0)->rax = 0x5ec4e700000000 | value;
			bed_registers(0)->rdx = 0x5ec4e700000000;
			bed.before = *bed_registers(0);
			bed.xcr0 = 0x700;
			guest_exit_xsetbv(&bed_guest(0)->vcpu);
			bed_assert_changed(0);
			assert_int_equal(bed.xcr0, valid ? value : 0x700);
			assert_int_equal(bed.fake[0].advanced, valid ? 3 : 0);
			assert_int_equal(bed.fake[0].exception, valid ? -1 : VECTOR_GP);
		}
	}
}

/* CPUs may differ: on one that lacks a component, or has it elsewhere, the hypervisor's own XRSTOR would fault. */
static void a_domain_runs_where_its_components_are(void **state)
{
	(void)state;
	assert_true(bed_enter(0, 0));
	bed_guest(0)->td->info.params.xfam = 0xe7;
	guest_exit_preempted(&bed_guest(0)->vcpu);
	assert_true(bed_enter(0, 0));
	guest_exit_preempted(&bed_guest(0)->vcpu);
	assert_int_equal(bed_call(0, HC_VCPU_FLUSH, BED_DOMAIN, BED_VCPU(0), 0, 0), 0);
	native = 7;
	assert_int_equal(bed_call(1, HC_VCPU_RUN, BED_DOMAIN, BED_VCPU(0), (uintptr_t)bed.ram, 0), HC_E_STATE);
	native = UINT64_MAX;
	last_bytes = VCPU_XSAVE_BYTES - LAST_OFFSET + 1;
	assert_int_equal(bed_call(1, HC_VCPU_RUN, BED_DOMAIN, BED_VCPU(0), (uintptr_t)bed.ram, 0), HC_E_STATE);
	last_bytes = 0x400;
	assert_true(bed_enter(1, 0));
}

static void xsetbv_is_refused(unsigned cpl, uint64_t index, uint64_t high)
{
	bed_forget();
	bed.fake[0].cpl = cpl;
	bed.xcr0 = 1;
	*bed_registers(0) = (struct registers){.rax = 3, .rcx = index, .rdx = high};
	guest_exit_xsetbv(&bed_guest(0)->vcpu);
	assert_int_equal(bed.fake[0].exception, VECTOR_GP);
	assert_int_equal(bed.fake[0].error_code, 0);
	assert_int_equal(bed.xcr0, 1);
}

static void xsetbv_of_user_code_and_of_other_registers(void **state)
{
	(void)state;
	assert_true(bed_enter(0, 0));
	xsetbv_is_refused(3, 0, 0);
	xsetbv_is_refused(1, 0, 0);
	xsetbv_is_refused(0, 1, 0);
	xsetbv_is_refused(0, 0x80000000, 0);
	xsetbv_is_refused(0, 0, 1);
	xsetbv_is_refused(0, 0, 0x80000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(parameters_name_known_components_only, start, bed_stop),
		cmocka_unit_test_setup_teardown(a_domain_has_no_component_that_the_cpu_lacks, start, bed_stop),
		cmocka_unit_test_setup_teardown(the_area_fits_the_vcpu, start, bed_stop),
		cmocka_unit_test_setup_teardown(xsetbv_takes_what_the_cpu_would, start, bed_stop),
		cmocka_unit_test_setup_teardown(a_domain_runs_where_its_components_are, start, bed_stop),
		cmocka_unit_test_setup_teardown(xsetbv_of_user_code_and_of_other_registers, start, bed_stop),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
