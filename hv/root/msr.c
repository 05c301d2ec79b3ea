/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RDMSR, WRMSR and XSETBV. The allow-list is msr_policy.c. */
#include "machine/features.h"
#include "msr_policy.h"
#include "vcpu/exit.h"
#include "vcpu/vcpu.h"
#include "x86/cpuid.h"
#include "x86/instructions.h"
#include "x86/msr.h"

static void refuse(struct vcpu *vcpu, const char *access, uint32_t msr)
{
	vcpu->refused_msr++;
	exit_note_refusal(vcpu, access, "of MSR", msr);
	vcpu_inject(vcpu, VECTOR_GP, 0);
}

#define LEGACY_XAPIC_DISABLED 1ull

/*
 * IA32_MCG_CAP: count, CTL_P, TES_P, SER_P; without EXT_P, CMCI_P, EMC_P, ELOG_P, LMCE_P, whose registers are refused.
 */
#define MCG_CAP_SHOWN 0x10009ffull

/* Registers of CPU features show the root guest's. A system that was asked to leave x2APIC mode finds it locked. */
static bool checked_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
	switch (msr) {
	case IA32_ARCH_CAPABILITIES:
		*value = (cpu_arch_capabilities() & ARCH_CAPABILITIES_SHOWN) | XAPIC_DISABLE_STATUS;
		return true;
	case IA32_XAPIC_DISABLE:
		*value = LEGACY_XAPIC_DISABLED;
		return true;
	case IA32_MCG_CAP:
		*value = rdmsr(msr) & MCG_CAP_SHOWN;
		return true;
	default:
		return vcpu_msr_read(vcpu, msr, value);
	}
}

void exit_rdmsr(struct vcpu *vcpu)
{
	struct registers *const guest = &vcpu->frame->guest;
	const uint32_t msr = (uint32_t)guest->rcx;
	uint64_t value;

	vcpu->exits[HV_EXIT_RDMSR]++;
	if (msr_policy_find(msr)->read != MSR_CHECK || !checked_read(vcpu, msr, &value)) {
		refuse(vcpu, "read", msr);
		return;
	}
	guest->rax = (uint32_t)value;
	guest->rdx = value >> 32;
	vcpu_advance(vcpu, RDMSR_BYTES);
}

/* XSS: control-flow enforcement only; other supervisor state could reach MSRs that are refused. */
static bool xss_write(uint64_t value)
{
	const uint64_t cet = 3ull << 11;
	const struct cpuid_result supported = cpu_leaf(LEAF_XSAVE, 1);

	/* Without XSAVES there is no such register. */
	if ((supported.eax & XSAVE1_EAX_XSAVES) == 0 || (value & ~(cet & supported.ecx)) != 0)
		return false;
	wrmsr(IA32_XSS, value);
	return true;
}

/*
 * With MCIP set, the next #MC shuts the CPU down, and no handler wipes anything (SDM 3B 15.3.1.2). A system only
 * clears.
 */
static bool mcg_status_write(uint64_t value)
{
	if (value == 0)
		wrmsr(IA32_MCG_STATUS, 0);
	return value == 0;
}

static bool checked_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
	switch (msr) {
	case IA32_X2APIC_ICR:
		return startup_icr_write(vcpu, value);
	case IA32_APIC_BASE:
		/*
		 * Leaving x2APIC mode would bring back ICR writes that are not looked at; moving it would move them
		 * elsewhere.
		 */
		return value == rdmsr(IA32_APIC_BASE);
	case IA32_PAT:
		return vcpu_pat_valid(value) && vcpu_msr_write(vcpu, msr, value);
	case IA32_XSS:
		return xss_write(value);
	case PERF_EVT_SEL_0 ... PERF_CTR_3:
		return value == 0;
	case IA32_MCG_STATUS:
		return mcg_status_write(value);
	default:
		return vcpu_msr_write(vcpu, msr, value);
	}
}

void exit_wrmsr(struct vcpu *vcpu)
{
	const struct registers *const guest = &vcpu->frame->guest;
	const uint32_t msr = (uint32_t)guest->rcx;
	const enum msr_rule rule = msr_policy_find(msr)->write;

	vcpu->exits[msr == IA32_X2APIC_ICR ? HV_EXIT_ICR : HV_EXIT_WRMSR]++;
	if (rule == MSR_FROZEN || (rule == MSR_CHECK && checked_write(vcpu, msr, registers_edx_eax(guest))))
		vcpu_advance(vcpu, RDMSR_BYTES);
	else
		refuse(vcpu, "write", msr);
}

/* What XSETBV would refuse itself must not fault in the hypervisor. */
void exit_xsetbv(struct vcpu *vcpu)
{
	const struct registers *const guest = &vcpu->frame->guest;
	const uint64_t value = registers_edx_eax(guest);

	vcpu->exits[HV_EXIT_XSETBV]++;
	if ((vcpu_cr4(vcpu) & CR4_OSXSAVE) == 0) {
		vcpu_inject(vcpu, VECTOR_UD, 0);
	} else if (vcpu_cpl(vcpu) != 0 || (uint32_t)guest->rcx != 0 ||
		   !xcr0_valid(value, cpu_leaf(LEAF_XSAVE, 0).eax & XCR0_KNOWN)) {
		vcpu_inject(vcpu, VECTOR_GP, 0);
	} else {
		xsetbv(0, value);
		vcpu_advance(vcpu, XSETBV_BYTES);
	}
}
