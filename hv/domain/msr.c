/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Model-specific registers of a domain (docs/guest-abi.md, section 8). What it has for itself does not exit (setup.c).
 */
#include "cpuid.h"

#include "machine/features.h"
#include "vcpu.h"
#include "x86/cpuid.h"
#include "x86/msr.h"

#define APIC_BASE_SHOWN (0xfee00000ull | APIC_BASE_EN | APIC_BASE_EXTD)
#define APIC_BASE_BSP   (1ull << 8)
#define EFER_SHOWN      (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)

/* AMD's CPUs lack it, and have none of Intel's faults. */
#define ARCH_CAPABILITIES_AMD (1ull << 0 | 1ull << 3 | 1ull << 5 | 1ull << 6 | 1ull << 8 | 7ull << 13 | 3ull << 26)

static uint64_t arch_capabilities(void)
{
	const uint64_t native = cpu_vendor_is("GenuineIntel") ? cpu_arch_capabilities() : ARCH_CAPABILITIES_AMD;

	return (native & ARCH_CAPABILITIES_SHOWN) | XAPIC_DISABLE_STATUS;
}

/* IBPB, or a flush of the L1 data cache. */
static bool command(uint32_t msr, uint64_t value)
{
	if (value == 1)
		wrmsr(msr, value);
	return value <= 1;
}

static uint64_t apic_base(const struct td_vcpu *vcpu)
{
	return APIC_BASE_SHOWN | (vcpu->index == 0 ? APIC_BASE_BSP : 0);
}

/* Registers that read the same at any time. */
static const struct {
	uint32_t msr;
	uint64_t value;
} constants[] = {
	{IA32_FEATURE_CONTROL, 1}, /* locked */
	{IA32_BIOS_SIGN_ID, 0xffffffff00000000},
	{IA32_XAPIC_DISABLE, 1},
	{IA32_MCG_CAP, 0},
	{IA32_MCG_STATUS, 0},
	{IA32_MISC_ENABLE, 0x1801}, /* fast strings; no branch trace, no PEBS */
	{IA32_DEBUGCTL, 0},
	{IA32_XSS, 0},
};

bool guest_msr_read(struct td_vcpu *vcpu, uint32_t msr, uint64_t *value)
{
	if (lapic_read(&vcpu->lapic, msr, value)) /* what guests read most */
		return true;
	for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++) {
		*value = constants[i].value;
		if (constants[i].msr == msr)
			return true;
	}
	if (msr == IA32_TSC)
		*value = rdtsc();
	else if (msr == IA32_APIC_BASE)
		*value = apic_base(vcpu);
	else if (msr == IA32_ARCH_CAPABILITIES)
		*value = arch_capabilities();
	else
		return vcpu_msr_read(&vcpu->vcpu, msr, value);
	return true;
}

bool guest_msr_write(struct td_vcpu *vcpu, uint32_t msr, uint64_t value)
{
	switch (msr) {
	case IA32_APIC_BASE:
		return value == apic_base(vcpu);
	case IA32_BIOS_SIGN_ID:
		return true; /* Linux writes 0 before it reads, without a handler */
	case IA32_DEBUGCTL:
	case IA32_XSS:
		return value == 0;
	case IA32_PRED_CMD:
		return vcpu->view.pool->guest.barrier && command(msr, value);
	case IA32_FLUSH_CMD:
		return (cpu_leaf(7, 0).edx & LEAF7_EDX_L1D_FLUSH) != 0 && command(msr, value);
	case IA32_PAT:
		return vcpu_pat_valid(value) && vcpu_msr_write(&vcpu->vcpu, msr, value);
	case IA32_EFER:
		return (value & ~EFER_SHOWN) == 0 && vcpu_msr_write(&vcpu->vcpu, msr, value);
	default:
		return lapic_write(vcpu, msr, value);
	}
}
