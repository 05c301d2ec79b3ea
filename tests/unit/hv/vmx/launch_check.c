/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/vmx/launch.c hv/vmx/controls.c hv/vmx/mtrr.c hv/machine/features.c */
/* Which CPUs are refused before anything is changed, and by which name. */
#include "hv_test.h"

#include "machine/cpu.h"
#include "x86/msr.h"
#include "vcpu/launch.h"
#include "vendor_machine.h"
#include "x86/instructions.h"

#define GIB (1ull << 30)

static uint32_t last_leaf, leaf1_ecx, leaf7_ebx, leaf7_ecx, extended_edx, txt_status;
static uint64_t cr4, feature_control, tme_activate, capability[0x11], mtrr_mask;
static struct vendor_machine shared_by_cpus;
static struct machine m;
static bool itlb_multihit;
static const char *vendor;

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	switch (leaf) {
	case 0: {
		uint32_t words[3]; /* EBX, EDX, ECX */

		memcpy(words, vendor, sizeof(words));
		return (struct cpuid_result){last_leaf, words[0], words[2], words[1]};
	}
	case 1:
		return (struct cpuid_result){0, 0, leaf1_ecx, 0};
	case 7:
		return (struct cpuid_result){0, leaf7_ebx, leaf7_ecx, 0};
	case 0x80000001:
		return (struct cpuid_result){0, 0, 0, extended_edx};
	default:
		fail_msg("leaf %x", leaf);
		return (struct cpuid_result){0, 0, 0, 0};
	}
}

uint64_t rdmsr(uint32_t msr)
{
	switch (msr) {
	case 0x3a:
		return feature_control;
	case 0x982:
		assert_true(last_leaf >= 7 && leaf7_ecx & 1u << 13);
		return tme_activate;
	case IA32_MTRRCAP:
		return 1; /* one range, no fixed ones */
	case IA32_MTRR_DEF_TYPE:
		return 1u << 11;
	case IA32_MTRR_PHYSBASE0:
		return 6;
	case IA32_MTRR_PHYSBASE0 + 1:
		return mtrr_mask;
	default:
		break;
	}
	assert_in_range(msr, 0x480, 0x490);
	return capability[msr - 0x480];
}

uint64_t read_cr4(void)
{
	return cr4;
}

uint32_t mmio_read32(uint64_t address)
{
	assert_int_equal(address, 0xfed30000);
	assert_true(leaf1_ecx & 1u << 6); /* there may be nothing to read without SMX */
	return txt_status;
}

/* Mitigations have a separate test. */
void speculation_choose(struct machine *machine_)
{
	machine_->vendor->speculation.itlb_multihit = itlb_multihit;
}
bool speculation_itlb_multihit(void)
{
	return itlb_multihit;
}

static int setup(void **state)
{
	(void)state;
	vendor = "GenuineIntel";
	last_leaf = 0xd;
	leaf1_ecx = 1u << 5 | 1u << 21 | 1u << 26;
	leaf7_ebx = 1u << 7 | 1u << 20;
	extended_edx = 1u << 20 | 1u << 26;
	leaf7_ecx = 0;
	tme_activate = 0;
	cr4 = 0x668;
	feature_control = 5;
	for (unsigned i = 0; i < 0x11; i++)
		capability[i] = 0xffffffff00000000;
	capability[0] = 1ull << 55 | 0x13;
	capability[12] = 0x00000f0106734141;
	mtrr_mask = (1ull << 40) - 4 * GIB + (1u << 11);
	m = (struct machine){.vendor = &shared_by_cpus, .phys_bits = 40, .boot.ram_leaf_bytes = BOOT_LEAF_2MIB};
	itlb_multihit = false;
	return 0;
}

static void a_complete_cpu_is_accepted(void **state)
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

static void measured_environment(void **state)
{
	(void)state;
	leaf1_ecx |= 1u << 6;
	txt_status = UINT32_MAX; /* a CPU with SMX on a board without TXT */
	assert_int_equal(vcpu_check(&m), HV_OK);
	txt_status = 2; /* ended: SEXIT.DONE */
	assert_int_equal(vcpu_check(&m), HV_OK);
	txt_status = 0x18091; /* as tboot shows it */
	assert_int_equal(vcpu_check(&m), HV_E_TXT);
}

static void foreign_vendor(void **state)
{
	(void)state;
	vendor = "AuthenticAMD";
	assert_int_equal(vcpu_check(&m), HV_E_VENDOR);
}

/* IA32_TME_ACTIVATE (SDM volume 4): on and locked with one key for all memory, then with address bits for more. */
static void key_ids(void **state)
{
	(void)state;
	leaf7_ecx = 1u << 13;
	assert_int_equal(vcpu_check(&m), HV_OK);
	tme_activate = 3;
	assert_int_equal(vcpu_check(&m), HV_OK);
	for (unsigned bit = 32; bit <= 35; bit++) {
		tme_activate = 3 | 1ull << bit;
		assert_int_equal(vcpu_check(&m), HV_E_MEMORY_ALIASES);
	}
}

/* RAM that no MTRR covers, in the list, in the region or in the pool: refused, with its address. */
static void memory_types(void **state)
{
	const struct boot_range inside = {GIB, GIB}, outside = {4 * GIB - PAGE_BYTES, 2 * PAGE_BYTES};
	struct boot_range *const ranges[] = {&m.boot.ram[0], &m.boot.ram[1], &m.boot.region, &m.boot.pool};

	m.boot.ram_count = 2;
	m.boot.ram[0] = m.boot.ram[1] = m.boot.region = inside;
	assert_int_equal(vcpu_prepare(&m).error, HV_OK);
	for (unsigned i = 0; i < 4; i++) {
		const struct boot_range before = *ranges[i];

		*ranges[i] = outside;
		const struct hv_failure failure = vcpu_prepare(&m);

		assert_int_equal(failure.error, HV_E_MTRR_RAM);
		assert_int_equal(failure.where, 4 * GIB);
		*ranges[i] = before;
	}
	(void)state;
}

/* A CPU that needs small pages gets no others; all CPUs must agree about it. */
static void small_pages(void **state)
{
	(void)state;
	itlb_multihit = true;
	assert_int_equal(vcpu_prepare(&m).error, HV_E_SMALL_PAGES);
	m.boot.ram_leaf_bytes = BOOT_LEAF_4KIB;
	assert_int_equal(vcpu_prepare(&m).error, HV_OK);
	m.prepared = true;
	assert_int_equal(vcpu_check(&m), HV_OK);
	itlb_multihit = false;
	assert_int_equal(vcpu_check(&m), HV_E_CPU_DIFFERS);
	m.prepared = false;
	assert_int_equal(vcpu_prepare(&m).error, HV_OK);
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

/* Above its last leaf, such as 0BH of Westmere, the CPU answers with that one's data; here it looks like leaf 7. */
static void leaves_above_the_last_one_mean_nothing(void **state)
{
	(void)state;
	last_leaf = 6;
	leaf7_ecx = 1u << 13;
	tme_activate = UINT64_MAX;
	assert_int_equal(vcpu_check(&m), HV_E_NO_NX);
}

static void no_ept(void **state)
{
	(void)state;
	capability[0xb] &= ~(1ull << 33);
	assert_int_equal(vcpu_check(&m), HV_E_NO_EPT);
}

/* Once the first CPU has settled the controls, the others must be like it. */
static void later_cpus_must_be_like_the_first(void **state)
{
	(void)state;
	assert_int_equal(controls_negotiate(&shared_by_cpus.controls), HV_OK);
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
		cmocka_unit_test_setup(a_complete_cpu_is_accepted, setup),
		cmocka_unit_test_setup(foreign_vendor, setup),
		cmocka_unit_test_setup(no_vmx, setup),
		cmocka_unit_test_setup(locked_off, setup),
		cmocka_unit_test_setup(in_use, setup),
		cmocka_unit_test_setup(measured_environment, setup),
		cmocka_unit_test_setup(key_ids, setup),
		cmocka_unit_test_setup(memory_types, setup),
		cmocka_unit_test_setup(small_pages, setup),
		cmocka_unit_test_setup(features_missing, setup),
		cmocka_unit_test_setup(leaves_above_the_last_one_mean_nothing, setup),
		cmocka_unit_test_setup(no_ept, setup),
		cmocka_unit_test_setup(later_cpus_must_be_like_the_first, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
