/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/exit_cpuid.c: for every leaf and subleaf, every answer of the CPU and every state of the guest, the guest is told of no
 * feature that it must not have, of nothing that the CPU lacks, and of everything else as it is.
 */
#include "proof.h"

#include "vcpu.h"

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

uint64_t vcpu_cr4(const struct cpu *cpu)
{
	return cr4;
}

void vcpu_advance(struct cpu *cpu, unsigned bytes)
{
	PROVE(bytes == 2);
	advanced++;
}

/* By bit number (SDM 2A table 3-8; APM 3 appendix E). */
static void check_absent(uint32_t leaf, const struct cpuid_result *r)
{
	PROVE(leaf != 1 || (r->ecx & (1u << 5 | 1u << 6)) == 0);                            /* VMX, SMX */
	PROVE(leaf != 7 || (r->ebx & (1u << 2 | 1u << 25)) == 0);                           /* SGX, processor trace */
	PROVE(leaf != 7 || ((r->ecx & 1u << 30) == 0 && (r->eax & 1u << 17) == 0));         /* SGX_LC; FRED */
	PROVE(leaf != 0x80000001 || (r->ecx & (1u << 2 | 1u << 12)) == 0);                  /* SVM, SKINIT */
	PROVE(leaf != 0x80000008 || (r->ebx & 1u << 3) == 0);                               /* INVLPGB */
	PROVE(leaf != 0x80000021 || (r->eax & 1u << 8) == 0);                               /* automatic IBRS */
	PROVE((leaf != 0x12 && leaf != 0x14 && leaf != 0x8000000a && leaf != 0x8000001f) || /* SGX, PT, SVM, SEV */
	      (r->eax | r->ebx | r->ecx | r->edx) == 0);
}

static uint32_t hidden_ecx(uint32_t leaf)
{
	return leaf == 1 ? 1u << 5 | 1u << 6 : leaf == 7 ? 1u << 30 : leaf == 0x80000001 ? 1u << 2 | 1u << 12 : 0;
}

/* What the CPU says comes through, but for what check_absent() names and for bits that mirror CR4 or name the hypervisor. */
static void check_native(uint32_t leaf, uint32_t subleaf, const struct cpuid_result *r)
{
	const uint32_t own = leaf == 1 ? 1u << 27 | 1u << 31 : leaf == 7 && subleaf == 0 ? 1u << 4 : 0;

	PROVE(asked_leaf == leaf && asked_subleaf == subleaf);
	PROVE((r->eax & ~native.eax) == 0 && (r->ebx & ~native.ebx) == 0 && (r->edx & ~native.edx) == 0);
	PROVE((r->ecx & ~native.ecx & ~own) == 0);
	if (leaf == 0x12 || leaf == 0x14 || leaf == 0x8000000a || leaf == 0x8000001f)
		return;
	PROVE(r->edx == native.edx);
	PROVE((r->ecx | hidden_ecx(leaf) | own) == (native.ecx | hidden_ecx(leaf) | own));
	PROVE(leaf == 7 || leaf == 0x80000008 || r->ebx == native.ebx);
	PROVE(leaf == 7 || leaf == 0x80000021 || r->eax == native.eax);
}

void prove_exit_cpuid(void)
{
	struct entry_frame frame;
	struct cpu cpu;

	__CPROVER_havoc_object(&native);
	__CPROVER_havoc_object(&cr4);
	cpu.frame = &frame;
	cpu.exits[HV_EXIT_CPUID] = 0;
	const uint32_t leaf = (uint32_t)frame.guest.rax, subleaf = (uint32_t)frame.guest.rcx;
	const struct registers before = frame.guest;

	exit_cpuid(&cpu);
	const struct registers *const g = &frame.guest;
	const struct cpuid_result r = {(uint32_t)g->rax, (uint32_t)g->rbx, (uint32_t)g->rcx, (uint32_t)g->rdx};

	PROVE(advanced == 1 && cpu.exits[HV_EXIT_CPUID] == 1);
	PROVE((g->rax | g->rbx | g->rcx | g->rdx) >> 32 == 0);
	PROVE(g->rsi == before.rsi && g->rdi == before.rdi && g->rbp == before.rbp && g->r8 == before.r8);
	check_absent(leaf, &r);
	if (leaf >> 28 != 4)
		check_native(leaf, subleaf, &r);
	else
		PROVE(leaf == 0x40000000 || leaf == 0x40000100 || leaf == 0x40000101 ||
		      (r.eax | r.ebx | r.ecx | r.edx) == 0);
	PROVE(leaf != 1 || (r.ecx >> 31 == 1 && (r.ecx >> 27 & 1) == (cr4 >> 18 & 1)));
	PROVE(leaf != 7 || subleaf != 0 || (r.ecx >> 4 & 1) == (cr4 >> 22 & 1));
	REACHABLE(leaf == 1 && r.ecx >> 27 == 0x1f);
	REACHABLE(leaf == 7 && subleaf == 1 && r.eax == ~(1u << 17));
	REACHABLE(leaf == 0xd && r.ebx == 0x340);
	REACHABLE(leaf == 0x40000101);
}
