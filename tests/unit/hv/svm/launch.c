/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/machine/features.c */
/* Which CPUs are refused before anything is changed, and by which name: AMD-V, and what both vendors share. */
#include "hv_test.h"

#include "machine/features.h"
#include "machine/machine.h"
#include "x86/msr.h"
#include "vcpu/launch.h"
#include "x86/instructions.h"

static uint32_t last_extended, svm_ecx, svm_ebx, svm_edx, leaf1_ecx, widths;
static uint64_t vm_cr, efer, cr4, syscfg;
static bool a20_masked;
static const char *vendor;
static const struct machine m;

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	switch (leaf) {
	case 0: {
		uint32_t words[3]; /* EBX, EDX, ECX */

		memcpy(words, vendor, sizeof(words));
		return (struct cpuid_result){0xd, words[0], words[2], words[1]};
	}
	case 1:
		return (struct cpuid_result){0, 0, leaf1_ecx, 0};
	case 7:
		return (struct cpuid_result){0, 1u << 7 | 1u << 20, 0, 0};
	case 0x80000000:
		return (struct cpuid_result){last_extended, 0, 0, 0};
	case 0x80000001:
		return (struct cpuid_result){0, 0, svm_ecx, 1u << 20 | 1u << 26};
	case 0x80000008:
		return (struct cpuid_result){widths, 0, 0, 0};
	case 0x8000000a:
		return (struct cpuid_result){0, svm_ebx, 0, svm_edx};
	default:
		fail_msg("leaf %x", leaf);
		return (struct cpuid_result){0, 0, 0, 0};
	}
}

uint64_t rdmsr(uint32_t msr)
{
	if (msr == SYSCFG)
		return syscfg;
	assert_true(msr == VM_CR || msr == IA32_EFER);
	assert_true(svm_ecx & 1u << 2); /* VM_CR is there only with SVM */
	return msr == VM_CR ? vm_cr : efer;
}

uint64_t read_cr4(void)
{
	return cr4;
}

/* Memory: one word on each side of bit 20. */
static uint64_t words[2];

static uint64_t *word(uint64_t address)
{
	return &words[a20_masked ? 0 : address >> 20 & 1];
}

uint64_t mmio_read64(uint64_t address)
{
	return *word(address);
}

void mmio_write64(uint64_t address, uint64_t value)
{
	*word(address) = value;
}

static int setup(void **state)
{
	(void)state;
	widths = 0x3030; /* 48 bits, linear and physical */
	cr4 = 0x668;
	last_extended = 0x8000001f;
	svm_ecx = 1u << 2;
	svm_edx = 1;
	svm_ebx = 6;
	leaf1_ecx = 1u << 21 | 1u << 26;
	vm_cr = 1u << 3; /* LOCK alone keeps SVMDIS as it is: clear */
	efer = 0xd00;
	syscfg = 0x740000; /* MtrrFixDramEn, MtrrVarDramEn, MtrrTom2En, Tom2ForceMemTypeWB */
	a20_masked = false;
	vendor = "AuthenticAMD";
	return 0;
}

static void foreign_vendor(void **state)
{
	(void)state;
	vendor = "HygonGenuine";
	assert_int_equal(vcpu_check(&m), HV_OK);
	vendor = "GenuineIntel";
	assert_int_equal(vcpu_check(&m), HV_E_VENDOR);
	vendor = "AuthenticAMd";
	assert_int_equal(vcpu_check(&m), HV_E_VENDOR);
}

static void address_widths(void **state)
{
	(void)state;
	for (uint32_t bits = 0; bits < 256; bits++) {
		widths = 0x3000 | bits;
		assert_int_equal(cpu_paging_check(), bits >= 36 && bits <= 52 ? HV_OK : HV_E_PHYS_BITS);
	}
	last_extended = 0x80000007; /* the CPU does not tell */
	assert_int_equal(cpu_paging_check(), HV_E_PHYS_BITS);
}

static void five_levels(void **state)
{
	(void)state;
	assert_int_equal(cpu_paging_check(), HV_OK);
	cr4 |= 1u << 12; /* LA57 */
	assert_int_equal(cpu_paging_check(), HV_E_PAGING_MODE);
}

static void a_complete_cpu_is_accepted(void **state)
{
	(void)state;
	assert_int_equal(vcpu_check(&m), HV_OK);
}

static void no_svm(void **state)
{
	svm_ecx = 0;
	assert_int_equal(vcpu_check(&m), HV_E_NO_SVM);
	setup(state);
	last_extended = 0x80000000;
	assert_int_equal(vcpu_check(&m), HV_E_NO_SVM);
}

/* APM volume 2, 15.30.1: SVMDIS, with LOCK or without, where only the firmware has the key. */
static void locked_off(void **state)
{
	(void)state;
	vm_cr = 1u << 4 | 1u << 3;
	assert_int_equal(vcpu_check(&m), HV_E_SVM_LOCKED);
	vm_cr = 1u << 4;
	assert_int_equal(vcpu_check(&m), HV_E_SVM_LOCKED);
}

static void in_use(void **state)
{
	(void)state;
	efer |= 1u << 12;
	assert_int_equal(vcpu_check(&m), HV_E_ALREADY);
}

static void features_missing(void **state)
{
	svm_edx = 0;
	assert_int_equal(vcpu_check(&m), HV_E_NO_NPT);
	setup(state);
	svm_ebx = 5;
	assert_int_equal(vcpu_check(&m), HV_E_FEW_ASIDS);
	setup(state);
	leaf1_ecx = 1u << 26;
	assert_int_equal(vcpu_check(&m), HV_E_NO_X2APIC);
}

static void masked_a20(void **state)
{
	(void)state;
	a20_masked = true;
	for (unsigned i = 0; i < 4; i++) {
		words[0] = i & 1 ? UINT64_MAX : 0;
		words[1] = i & 2 ? UINT64_MAX : 0;
		assert_int_equal(vcpu_check(&m), HV_E_A20);
	}
	a20_masked = false;
	for (unsigned i = 0; i < 4; i++) {
		words[0] = i & 1 ? UINT64_MAX : 0;
		words[1] = i & 2 ? UINT64_MAX : 0;
		assert_int_equal(vcpu_check(&m), HV_OK);
	}
}

/* APM volume 2, 7.10.1 and 15.36.3: with either bit, address bits choose a key. */
static void memory_aliases(void **state)
{
	(void)state;
	for (unsigned bit = 23; bit <= 24; bit++) {
		syscfg = 1ull << bit;
		assert_int_equal(vcpu_check(&m), HV_E_MEMORY_ALIASES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(address_widths, setup),
		cmocka_unit_test_setup(five_levels, setup),
		cmocka_unit_test_setup(a_complete_cpu_is_accepted, setup),
		cmocka_unit_test_setup(no_svm, setup),
		cmocka_unit_test_setup(locked_off, setup),
		cmocka_unit_test_setup(in_use, setup),
		cmocka_unit_test_setup(features_missing, setup),
		cmocka_unit_test_setup(masked_a20, setup),
		cmocka_unit_test_setup(memory_aliases, setup),
		cmocka_unit_test_setup(foreign_vendor, setup),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
