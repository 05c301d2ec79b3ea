/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which CPUs are refused before anything is changed, and by which name. */
#include "hv_test.h"

#include "vcpu.h"
#include "x86.h"

static uint32_t leaf1_ecx, leaf7_ebx, extended_edx;
static uint64_t cr4, feature_control, capability[0x11];
static struct machine m;

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	switch (leaf) {
	case 1:
		return (struct cpuid_result){0, 0, leaf1_ecx, 0};
	case 7:
		return (struct cpuid_result){0, leaf7_ebx, 0, 0};
	case 0x80000001:
		return (struct cpuid_result){0, 0, 0, extended_edx};
	default:
		fail_msg("leaf %x", leaf);
		return (struct cpuid_result){0, 0, 0, 0};
	}
}

uint64_t rdmsr(uint32_t msr)
{
	if (msr == 0x3a)
		return feature_control;
	assert_in_range(msr, 0x480, 0x490);
	return capability[msr - 0x480];
}

uint64_t read_cr4(void)
{
	return cr4;
}

static int setup(void **state)
{
	(void)state;
	leaf1_ecx = 1u << 5 | 1u << 21 | 1u << 26;
	leaf7_ebx = 1u << 7 | 1u << 20;
	extended_edx = 1u << 20 | 1u << 26;
	cr4 = 0x668;
	feature_control = 5;
	for (unsigned i = 0; i < 0x11; i++)
		capability[i] = 0xffffffff00000000;
	capability[0] = 1ull << 55 | 0x13;
	capability[12] = 0x00000f0106734141;
	m = (struct machine){0};
	return 0;
}

static void accepted(void **state)
{
	(void)state;
	assert_int_equal(vcpu_check(&m), HV_OK);
	feature_control = 0; /* not locked: the launch sets and locks it */
	assert_int_equal(vcpu_check(&m), HV_OK);
	feature_control = 4;
	assert_int_equal(vcpu_check(&m), HV_OK);
}

static void no_vmx(void **state)
{
	(void)state;
	leaf1_ecx &= ~(1u << 5);
	assert_int_equal(vcpu_check(&m), HV_E_NO_VMX);
}

static void locked_off(void **state)
{
	(void)state;
	feature_control = 1;
	assert_int_equal(vcpu_check(&m), HV_E_VMX_LOCKED);
	feature_control = 3; /* inside SMX only */
	assert_int_equal(vcpu_check(&m), HV_E_VMX_LOCKED);
}

static void in_use(void **state)
{
	(void)state;
	cr4 |= 1u << 14;
	assert_int_equal(vcpu_check(&m), HV_E_SMX);
	cr4 = 0x668 | 1u << 13;
	assert_int_equal(vcpu_check(&m), HV_E_ALREADY);
}

static void features_missing(void **state)
{
	uint32_t *const words[] = {&leaf1_ecx, &leaf1_ecx, &leaf7_ebx, &leaf7_ebx, &extended_edx, &extended_edx};
	const unsigned bits[] = {21, 26, 7, 20, 20, 26};
	const enum hv_error errors[] = {HV_E_NO_X2APIC, HV_E_NO_NX, HV_E_NO_NX,
					HV_E_NO_NX,     HV_E_NO_NX, HV_E_NO_1GIB_PAGES};

	for (unsigned i = 0; i < 6; i++) {
		setup(state);
		*words[i] &= ~(1u << bits[i]);
		assert_int_equal(vcpu_check(&m), errors[i]);
	}
}

static void no_ept(void **state)
{
	(void)state;
	capability[0xb] &= ~(1ull << 33);
	assert_int_equal(vcpu_check(&m), HV_E_NO_EPT);
}

/* Once the first CPU has settled the controls, the others must be like it. */
static void differs(void **state)
{
	(void)state;
	assert_int_equal(controls_negotiate(&m.vendor.controls), HV_OK);
	m.prepared = true;
	assert_int_equal(vcpu_check(&m), HV_OK);
	capability[0]++; /* VMCS revision */
	assert_int_equal(vcpu_check(&m), HV_E_CPU_DIFFERS);
	capability[0]--;
	capability[0xb] &= ~(1ull << 44); /* INVPCID */
	assert_int_equal(vcpu_check(&m), HV_E_CPU_DIFFERS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(accepted, setup),         cmocka_unit_test_setup(no_vmx, setup),
		cmocka_unit_test_setup(locked_off, setup),       cmocka_unit_test_setup(in_use, setup),
		cmocka_unit_test_setup(features_missing, setup), cmocka_unit_test_setup(no_ept, setup),
		cmocka_unit_test_setup(differs, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
