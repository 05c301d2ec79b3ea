/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/root/cpuid.c: for every leaf and subleaf, every answer of the CPU and every state of the guest, the answer
 * shows the guest no feature that it must not have, no unknown leaf, and nothing that the CPU lacks.
 */
#include "proof.h"

#include "vcpu/exit.h"
#include "vcpu/vcpu.h"

static struct cpuid_result native;
static uint64_t cr4;
static unsigned advanced;
static uint32_t asked_leaf, asked_subleaf;

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	asked_leaf = leaf;
	asked_subleaf = subleaf;
	return native;
}

uint64_t vcpu_cr4(const struct vcpu *vcpu)
{
	return cr4;
}

void vcpu_advance(struct vcpu *vcpu, unsigned bytes)
{
	PROVE(bytes == 2);
	advanced++;
}

/* Leaves that the guest may see, by number (SDM 2A table 3-8; APM 3 appendix E); of leaf 7 and 0DH the subleaves. */
static bool known(uint32_t leaf, uint32_t subleaf)
{
	if (leaf == 7)
		return subleaf <= 2;
	if (leaf == 0xd)
		return subleaf <= 7 || subleaf == 9 || subleaf == 11 || subleaf == 12 || subleaf == 17 || subleaf == 18;
	return leaf <= 2 || (leaf >= 4 && leaf <= 6) || leaf == 0xb || (leaf >= 0x15 && leaf <= 0x18) || leaf == 0x1a ||
	       (leaf >= 0x1d && leaf <= 0x1f) || (leaf >= 0x80000000 && leaf <= 0x80000008) || leaf == 0x80000019 ||
	       leaf == 0x8000001a || leaf == 0x8000001d || leaf == 0x8000001e || leaf == 0x80000021 ||
	       leaf == 0x80000026;
}

/* Bits whose registers or instructions the guest does not get, by number. */
static void check_absent(uint32_t leaf, uint32_t subleaf, const struct cpuid_result *r)
{
	PROVE(known(leaf, subleaf) || (r->eax | r->ebx | r->ecx | r->edx) == 0);
	PROVE(leaf != 1 || (r->ecx & (1u << 2 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 11 | 1u << 15)) == 0);
	PROVE(leaf != 1 || (r->edx & 1u << 21) == 0);                                    /* DS */
	PROVE(leaf != 6 || (r->eax & (1u << 13 | 1u << 18 | 1u << 19 | 1u << 23)) == 0); /* HDC, HFI */
	PROVE(leaf != 7 || subleaf != 0 ||
	      (r->ebx & (1u << 2 | 1u << 12 | 1u << 15 | 1u << 25)) == 0); /* SGX, RDT, PT */
	PROVE(leaf != 7 || subleaf != 0 || (r->ecx & (1u << 13 | 1u << 23 | 1u << 29 | 1u << 30)) == 0);
	PROVE(leaf != 7 || subleaf != 0 || (r->edx & (1u << 5 | 1u << 13 | 1u << 18 | 1u << 19 | 1u << 30)) == 0);
	PROVE(leaf != 7 || subleaf != 1 || (r->eax & (1u << 17 | 1u << 22 | 1u << 26 | 1u << 27)) == 0); /* FRED, LAM */
	PROVE(leaf != 7 || subleaf != 1 || (r->ebx | r->ecx) == 0);
	PROVE(leaf != 0xd || subleaf != 0 || (r->eax & ~0x602ffu) == 0);
	PROVE(leaf != 0xd || subleaf != 1 || (r->ecx & ~0x1800u) == 0);
	PROVE(leaf != 0x80000001 || (r->ecx & 0x1d88b404u) == 0); /* SVM, IBS, SKINIT, counters */
	PROVE(leaf != 0x80000007 || (r->ebx & 0xau) == 0);        /* SUCCOR, SMCA */
	PROVE(leaf != 0x80000008 || (r->ebx & (1u << 3 | 1u << 8 | 1u << 23 | 1u << 25 | 1u << 27)) == 0);
	PROVE(leaf != 0x80000021 || (r->eax & (1u << 7 | 1u << 8 | 1u << 13)) == 0); /* UAI, automatic IBRS */
}

/*
 * Nothing is shown that the CPU lacks, but for bits that mirror CR4, name the hypervisor, or say that x2APIC is
 * locked.
 */
static void check_native(uint32_t leaf, uint32_t subleaf, const struct cpuid_result *r)
{
	const bool seven = leaf == 7 && subleaf == 0;
	const uint32_t own = leaf == 1 ? 1u << 27 | 1u << 31 : seven ? 1u << 4 : 0;

	PROVE(!known(leaf, subleaf) || (asked_leaf == leaf && asked_subleaf == subleaf));
	PROVE((r->eax & ~native.eax) == 0 && (r->ebx & ~native.ebx) == 0);
	PROVE((r->ecx & ~native.ecx & ~own) == 0);
	PROVE((r->edx & ~native.edx & ~(seven ? 1u << 29 : 0)) == 0);
}

void prove_exit_cpuid(void)
{
	struct entry_frame frame;
	struct vcpu vcpu;

	__CPROVER_havoc_object(&native);
	__CPROVER_havoc_object(&cr4);
	vcpu.frame = &frame;
	vcpu.exits[HV_EXIT_CPUID] = 0;
	const uint32_t leaf = (uint32_t)frame.guest.rax, subleaf = (uint32_t)frame.guest.rcx;
	const struct registers before = frame.guest;

	exit_cpuid(&vcpu);
	const struct registers *const g = &frame.guest;
	const struct cpuid_result r = {(uint32_t)g->rax, (uint32_t)g->rbx, (uint32_t)g->rcx, (uint32_t)g->rdx};

	PROVE(advanced == 1 && vcpu.exits[HV_EXIT_CPUID] == 1);
	PROVE((g->rax | g->rbx | g->rcx | g->rdx) >> 32 == 0);
	PROVE(g->rsi == before.rsi && g->rdi == before.rdi && g->rbp == before.rbp && g->r8 == before.r8);
	if (leaf >> 28 != 4)
		check_absent(leaf, subleaf, &r);
	if (leaf >> 28 != 4)
		check_native(leaf, subleaf, &r);
	else
		PROVE(leaf == 0x40000000 || leaf == 0x40000100 || leaf == 0x40000101 ||
		      (r.eax | r.ebx | r.ecx | r.edx) == 0);
	PROVE(leaf != 1 || (r.ecx >> 31 == 1 && (r.ecx >> 27 & 1) == (cr4 >> 18 & 1)));
	PROVE(leaf != 7 || subleaf != 0 || (r.ecx >> 4 & 1) == (cr4 >> 22 & 1));
	REACHABLE(leaf == 1 && r.ecx >> 27 == 0x1f);
	REACHABLE(leaf == 7 && subleaf == 1 && r.eax == 0x00a01cff);
	REACHABLE(leaf == 0x80000026 && r.ebx == ~0u);
	REACHABLE(leaf == 0xd && r.ebx == 0x340);
	REACHABLE(leaf == 0x40000101);
}
