/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID: what the table below has of the native answer, and the hypervisor's leaves (SDM 2A CPUID; APM 3 appendix E). A
 * bit is in the table if it promises no register, or registers that msr_policy.c serves; leaves and bits of later CPUs
 * are not.
 */
#include "vcpu/exit.h"
#include "vcpu/vcpu.h"
#include "x86/cpuid.h"
#include "x86/instructions.h"

#define KVM_SIGNATURE 0x40000000u
#define HV_LEAVES_END 0x4fffffffu

/* Sorted by leaf and subleaf, first to last: the bits that are shown. */
struct shown {
	uint64_t first, last;
	uint32_t eax, ebx, ecx, edx;
};

#define ALL                    0xffffffffu
#define AT(leaf, subleaf)      ((uint64_t)(leaf) << 32 | (subleaf))
#define LEAVES(first, last)    AT(first, 0), AT(last, ALL)
#define LEAF(leaf)             LEAVES(leaf, leaf)
#define SUB(leaf, first, last) AT(leaf, first), AT(leaf, last)

static const struct shown table[] = {
	{LEAF(0), ALL, ALL, ALL, ALL},
	/* without DTES64, DS_CPL, VMX, SMX, SDBG, PDCM; PSN, DS */
	{LEAF(1), ALL, ALL, 0xfffe778b, 0xbfcbfbff},
	{LEAF(2), ALL, ALL, ALL, ALL},
	{LEAVES(4, 5), ALL, ALL, ALL, ALL},
	/* without HDC, FAST_UNCORE, HFI, thread director */
	{LEAF(6), 0x0153cff7, 0x0000000f, 0x00000009, 0},
	/*
	 * without SGX, RDT, PT; TME, KL, BUS_LOCK, ENQCMD, SGX_LC; UINTR, TSX_FORCE_ABORT, PCONFIG, ARCH_LBR,
	 * CORE_CAPABILITIES
	 */
	{SUB(7, 0, 0), ALL, 0xfdbf6ffb, 0x9a7f5fff, 0xbfd1cf1c},
	/* without FRED, LKGS, WRMSRNS, NMI_SRC, HRESET, LAM, MSRLIST */
	{SUB(7, 1, 1), 0x00a01cff, 0, 0, 0x00044530},
	{SUB(7, 2, 2), 0, 0, 0, 0x000000bf},
	{LEAF(0xb), ALL, ALL, ALL, ALL},
	{SUB(0xd, 0, 0), XCR0_KNOWN, ALL, ALL, 0},
	/* of XSS: CET */
	{SUB(0xd, 1, 1), 0x0000001f, ALL, 0x00001800, 0},
	{SUB(0xd, 2, 7), ALL, ALL, ALL, 0},
	{SUB(0xd, 9, 9), ALL, ALL, ALL, 0},
	{SUB(0xd, 11, 12), ALL, ALL, ALL, 0},
	{SUB(0xd, 17, 18), ALL, ALL, ALL, 0},
	{LEAVES(0x15, 0x18), ALL, ALL, ALL, ALL},
	{LEAF(0x1a), ALL, ALL, ALL, ALL},
	{LEAVES(0x1d, 0x1f), ALL, ALL, ALL, ALL},
	{LEAF(0x80000000), ALL, ALL, ALL, ALL},
	/* without SVM, IBS, SKINIT, WDT, LWP, NodeId, PerfCtrExt*, BPEXT, PerfTsc */
	{LEAF(0x80000001), ALL, ALL, 0x20630bfb, 0xefdbfbff},
	{LEAVES(0x80000002, 0x80000006), ALL, ALL, ALL, ALL},
	/* without SUCCOR and SMCA, whose registers are refused */
	{LEAF(0x80000007), 0, 0x00000001, ALL, 0x000027d9},
	/* without IRPERF, INVLPGB, MCOMMIT, PPIN, VIRT_SSBD, CPPC */
	{LEAF(0x80000008), ALL, 0x751ff215, ALL, 0xffff0000},
	{LEAVES(0x80000019, 0x8000001a), ALL, ALL, ALL, ALL},
	{LEAVES(0x8000001d, 0x8000001e), ALL, ALL, ALL, ALL},
	/* without UAI, AutoIBRS, PrefetchCtl, CpuidUserDis */
	{LEAF(0x80000021), 0x783c0e67, 0x0000ffff, 0x00000006, 0},
	{LEAF(0x80000026), ALL, ALL, ALL, ALL},
	{LEAVES(0x80000027, ALL), 0, 0, 0, 0},
};

static struct cpuid_result hypervisor_leaf(uint32_t leaf)
{
	switch (leaf) {
	case KVM_SIGNATURE: /* no feature bits: Linux keeps x2APIC under it, and asks for nothing */
		return (struct cpuid_result){KVM_SIGNATURE + 1, 0x4b4d564b, 0x564b4d56, 0x4d};
	case HV_CPUID_BASE:
		return (struct cpuid_result){HV_CPUID_VERSION, HV_CPUID_EBX, HV_CPUID_ECX, HV_CPUID_EDX};
	case HV_CPUID_VERSION:
		return (struct cpuid_result){HV_INTERFACE, HV_VERSION, HV_SVN, 0};
	default:
		return (struct cpuid_result){0, 0, 0, 0};
	}
}

/*
 * The first row that does not end before @at. Leaves that systems ask for often come early: few steps, one comparison
 * each.
 */
static const struct shown *find(uint64_t at)
{
	const struct shown *row = table;

	while (row->last < at)
		row++;
	return row;
}

static struct cpuid_result answer(uint32_t leaf, uint32_t subleaf)
{
	if (leaf >= KVM_SIGNATURE && leaf <= HV_LEAVES_END)
		return hypervisor_leaf(leaf);
	const struct shown *const shown = find(AT(leaf, subleaf));

	if (AT(leaf, subleaf) < shown->first)
		return (struct cpuid_result){0, 0, 0, 0};
	const struct cpuid_result r = cpuid(leaf, subleaf);

	return (struct cpuid_result){r.eax & shown->eax, r.ebx & shown->ebx, r.ecx & shown->ecx, r.edx & shown->edx};
}

/* Bits that are not the CPU's: those that mirror a control register show the guest's, and the hypervisor's own. */
static __attribute__((noinline)) void adjust(struct vcpu *vcpu, uint32_t leaf)
{
	struct registers *const guest = &vcpu->frame->guest;
	const uint64_t cr4 = vcpu_cr4(vcpu);

	if (leaf == 1) {
		guest->rcx &= ~(uint64_t)LEAF1_ECX_OSXSAVE;
		guest->rcx |= LEAF1_ECX_HYPERVISOR | ((cr4 & CR4_OSXSAVE) != 0 ? LEAF1_ECX_OSXSAVE : 0);
	} else {
		guest->rcx &= ~(uint64_t)LEAF7_ECX_OSPKE;
		guest->rcx |= (cr4 & CR4_PKE) != 0 ? LEAF7_ECX_OSPKE : 0;
		guest->rdx |= LEAF7_EDX_ARCH_CAP; /* always: IA32_XAPIC_DISABLE_STATUS is there (msr.c) */
	}
}

void exit_cpuid(struct vcpu *vcpu)
{
	struct registers *const guest = &vcpu->frame->guest;
	const uint32_t leaf = (uint32_t)guest->rax, subleaf = (uint32_t)guest->rcx;
	const struct cpuid_result r = answer(leaf, subleaf);

	vcpu->exits[HV_EXIT_CPUID]++;
	guest->rax = r.eax;
	guest->rbx = r.ebx;
	guest->rcx = r.ecx;
	guest->rdx = r.edx;
	if (leaf == 1 || (leaf == 7 && subleaf == 0))
		adjust(vcpu, leaf);
	vcpu_advance(vcpu, CPUID_BYTES);
}
