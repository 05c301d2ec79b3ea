/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID: the native answer, without virtualisation, SMX, SKINIT, processor trace, SGX and memory encryption, and with
 * the hypervisor's leaves (SDM 2A CPUID; APM 3 appendix E).
 */
#include "cloister/hypercall.h"
#include "vcpu.h"
#include "x86.h"

#define KVM_SIGNATURE 0x40000000u
#define HV_LEAVES     0x40000000u
#define HV_LEAVES_END 0x4fffffffu

/* Bits to clear in one leaf, for all its subleaves. Sorted. */
struct mask {
	uint32_t leaf, eax, ebx, ecx, edx;
};

#define ALL 0xffffffffu

static const struct mask masks[] = {
	{0x00000001, 0, 0, 1u << 5 | 1u << 6, 0},                /* VMX, SMX */
	{0x00000007, 1u << 17, 1u << 2 | 1u << 25, 1u << 30, 0}, /* FRED in subleaf 1; SGX, PT, SGX_LC */
	{0x00000012, ALL, ALL, ALL, ALL},                        /* SGX */
	{0x00000014, ALL, ALL, ALL, ALL},                        /* processor trace */
	{0x80000001, 0, 0, 1u << 2 | 1u << 12, 0},               /* SVM, SKINIT */
	{0x80000008, 0, 1u << 3, 0, 0},   /* INVLPGB: a guest has it only with a control that is not set */
	{0x8000000a, ALL, ALL, ALL, ALL}, /* SVM */
	{0x8000001f, ALL, ALL, ALL, ALL}, /* SME, SEV */
	{0x80000021, 1u << 8, 0, 0, 0},   /* automatic IBRS: its EFER bit is refused */
};

#define LEAF1_ECX_OSXSAVE    (1u << 27)
#define LEAF1_ECX_HYPERVISOR (1u << 31)
#define LEAF7_ECX_OSPKE      (1u << 4)

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

/* Bits that mirror a control register show the guest's, not the hypervisor's. */
static uint32_t mirror(uint32_t ecx, uint32_t bit, bool set)
{
	return set ? ecx | bit : ecx & ~bit;
}

static void mask_leaf(uint32_t leaf, struct cpuid_result *r)
{
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]) && masks[i].leaf <= leaf; i++) {
		if (masks[i].leaf == leaf) {
			r->eax &= ~masks[i].eax;
			r->ebx &= ~masks[i].ebx;
			r->ecx &= ~masks[i].ecx;
			r->edx &= ~masks[i].edx;
		}
	}
}

static struct cpuid_result answer(const struct cpu *cpu, uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_result r;

	if (leaf >= HV_LEAVES && leaf <= HV_LEAVES_END)
		return hypervisor_leaf(leaf);
	r = cpuid(leaf, subleaf);
	mask_leaf(leaf, &r);
	if (leaf == 1)
		r.ecx = mirror(r.ecx, LEAF1_ECX_OSXSAVE, (vcpu_cr4(cpu) & CR4_OSXSAVE) != 0) | LEAF1_ECX_HYPERVISOR;
	else if (leaf == 7 && subleaf == 0)
		r.ecx = mirror(r.ecx, LEAF7_ECX_OSPKE, (vcpu_cr4(cpu) & CR4_PKE) != 0);
	return r;
}

void exit_cpuid(struct cpu *cpu)
{
	struct registers *const guest = &cpu->frame->guest;
	const struct cpuid_result r = answer(cpu, (uint32_t)guest->rax, (uint32_t)guest->rcx);

	cpu->exits[HV_EXIT_CPUID]++;
	guest->rax = r.eax;
	guest->rbx = r.ebx;
	guest->rcx = r.ecx;
	guest->rdx = r.edx;
	vcpu_advance(cpu, CPUID_BYTES);
}
