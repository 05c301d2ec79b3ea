/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which exit a domain's vCPU has: each kind, and TDCALL with each leaf. What the guest does not pass on is secret. */
#include <string.h>

#include "hv/x86/msr.h"
#include "tdx/abi.h"
#include "world.h"

#define SMALL 0x1000ull
#define LARGE 0x200000ull

static uint64_t pick(const uint64_t *list, size_t count)
{
	return list[choose(&world.choices, (uint32_t)count)];
}
#define PICK(list) pick(list, COUNT_OF(list))

/* A private address, mostly one that calls name, too. */
static uint64_t choose_address(void)
{
	return choose_place(&world.choices) & ~PAGE_MASK;
}

static uint64_t choose_word(void)
{
	static const uint64_t words[] = {0,         1, 2, 4, 8, 0x80, 0x1000, UINT32_MAX, 1ull << 32, DOMAIN_SHARED_BIT,
					 UINT64_MAX};

	return PICK(words);
}

static void leaf_accept(struct registers *r)
{
	r->rax = TDG_MEM_PAGE_ACCEPT;
	r->rcx = choose_place(&world.choices);
}

static void leaf_field(struct registers *r)
{
	static const uint64_t fields[] = {TD_CLOISTER_LAZY,  TD_CLOISTER_LAZY,       TD_CTLS, TD_ATTRIBUTES,
					  TD_NOTIFY_ENABLES, TD_TOPOLOGY_CONFIGURED, 5};

	r->rax = choose(&world.choices, 4) == 0 ? TDG_VM_RD : TDG_VM_WR;
	r->rcx = choose(&world.choices, 16) == 0;
	r->rdx = PICK(fields);
	r->r8 = choose(&world.choices, 4);
	r->r9 = choose(&world.choices, 4);
}

/* Operands in memory: private, pending, shared, none; not aligned. */
static void leaf_memory(struct registers *r)
{
	static const uint64_t leaves[] = {TDG_MR_RTMR_EXTEND, TDG_MR_REPORT, TDG_MR_VERIFYREPORT};
	static const uint64_t offsets[] = {0, 0, 0, 0x40, 0x100, 0x400, 0xfc0, 8};

	r->rax = PICK(leaves);
	r->rcx = (choose(&world.choices, 2) != 0 ? DATA : choose_address()) + PICK(offsets);
	r->rdx = r->rax == TDG_MR_RTMR_EXTEND ? choose(&world.choices, 6) : DATA + PICK(offsets);
	r->r8 = choose(&world.choices, 16) == 0;
	if (choose(&world.choices, 16) == 0)
		r->rcx |= DOMAIN_SHARED_BIT;
}

static void leaf_other(struct registers *r)
{
	static const uint64_t leaves[] = {
		TDG_VP_INFO, TDG_VP_VEINFO_GET, TDG_VP_CPUIDVE_SET, TDG_VP_RD, TDG_VP_WR, 11, 1u << 16, 64, UINT64_MAX};

	r->rax = PICK(leaves);
	r->rcx = choose(&world.choices, 6);
}

/* The registers of a call that is passed on are the guest's to show; what an access reads is not yet in R15. */
static void call_access(struct registers *r)
{
	static const uint64_t widths[] = {1, 2, 4, 4, 8, 1, 3, 0, 9};
	static const uint64_t ports[] = {0x70, 0x3f8, 0xffff, 0x10000, 0};

	r->r12 = PICK(widths);
	r->r13 = choose(&world.choices, 8) % 3;
	r->r14 = r->r11 == VMCALL_IO ? PICK(ports) : (choose_address() | choose(&world.choices, 16)) + 0x2000000;
	if (r->r11 == VMCALL_MMIO && choose(&world.choices, 4) != 0)
		r->r14 |= DOMAIN_SHARED_BIT;
	r->r15 = r->r13 == 1 ? 0x1122334455667788 : secret(15);
}

static void call_map(struct registers *r)
{
	static const uint64_t sizes[] = {SMALL,         SMALL,     2 * SMALL, 4 * SMALL, LARGE,
					 LARGE + SMALL, 2 * LARGE, 0,         0x800,     UINT64_MAX - 0xfff};

	r->r12 = choose_address();
	r->r13 = PICK(sizes);
	if (choose(&world.choices, 3) != 0)
		r->r12 |= DOMAIN_SHARED_BIT;
}

static void call_msr(struct registers *r)
{
	static const uint64_t msrs[] = {IA32_TSC_DEADLINE, 0x808,    0x80f, 0x80b,          0x830, 0x832, 0x83f, 0x828,
					IA32_EFER,         IA32_PAT, 0x1b,  0x100000080full};

	r->r12 = PICK(msrs);
	r->r13 = choose(&world.choices, 2) != 0 ? world.tsc + choose(&world.choices, 4) * 1000
						: choose(&world.choices, 256) | 0x100;
}

static void leaf_vmcall(struct registers *r)
{
	static const uint64_t calls[] = {VMCALL_MAP_GPA,  VMCALL_MAP_GPA,   VMCALL_MAP_GPA,     VMCALL_MAP_GPA,
					 VMCALL_MAP_GPA,  VMCALL_IO,        VMCALL_IO,          VMCALL_MMIO,
					 VMCALL_MMIO,     VMCALL_HLT,       VMCALL_HLT,         VMCALL_RDMSR,
					 VMCALL_WRMSR,    VMCALL_WRMSR,     VMCALL_CPUID,       VMCALL_WBINVD,
					 VMCALL_GET_INFO, VMCALL_GET_QUOTE, VMCALL_FATAL_ERROR, 5};
	static const uint64_t masks[] = {0xfc00, 0xfc00, 0xfc00, 0xfc00, 0xffcc, 0xfc40, 0x7c00, 0xfc01, 0x1fc00};

	r->rax = TDG_VP_VMCALL;
	r->rcx = PICK(masks);
	r->r10 = choose(&world.choices, 16) == 0;
	r->r11 = PICK(calls);
	r->r12 = choose(&world.choices, 2);
	r->r13 = r->r14 = r->r15 = 0x1010;
	if ((r->rcx & 0xffcc) == 0xffcc)
		r->rdx = r->rbx = r->rsi = r->rdi = r->r8 = r->r9 = 0x4f4f4f4f4f4f4f4f;
	if (r->rcx == 0xfc40)
		r->rsi = 0x4f4f4f4f4f4f4f4f;
	if (r->r11 == VMCALL_IO || r->r11 == VMCALL_MMIO)
		call_access(r);
	if (r->r11 == VMCALL_MAP_GPA || r->r11 == VMCALL_GET_QUOTE)
		call_map(r);
	if (r->r11 == VMCALL_RDMSR || r->r11 == VMCALL_WRMSR)
		call_msr(r);
}

static void choose_tdcall(struct guest_exits *exits)
{
	struct registers *const r = &exits->registers;
	static const uint64_t sites[] = {CODE_TDCALL, CODE_TDCALL, CODE_TDCALL, CODE_ACROSS,
					 CODE_TDCALL | 0xffff800000000000};

	exits->rip = PICK(sites);
	if (choose(&world.choices, 16) != 0)
		exits->flags = (exits->flags & ~(unsigned)GUEST_USER) | GUEST_LONG;
	switch (choose(&world.choices, 8)) {
	case 0 ... 1:
		return leaf_accept(r);
	case 2:
		return leaf_field(r);
	case 3:
		return leaf_memory(r);
	case 4:
		return leaf_other(r);
	default:
		return leaf_vmcall(r);
	}
}

static void choose_msr(struct guest_exits *exits)
{
	struct registers r = {.r12 = 0};

	call_msr(&r);
	exits->registers.rcx = (uint32_t)r.r12;
	if (exits->kind == EXITS_WRMSR) {
		exits->registers.rax = (uint32_t)r.r13;
		exits->registers.rdx = r.r13 >> 32;
	}
}

static void choose_details(struct guest_exits *exits)
{
	static const uint64_t xcr0[] = {1, 3, 7, 0, 2, 5};
	static const uint64_t cr4[] = {0x668, 0x40668, 0x2668, 0x20668, 0x748, 1ull << 40};

	switch (exits->kind) {
	case EXITS_CPUID:
		exits->registers.rax = choose(&world.choices, 64);
		exits->registers.rcx = choose(&world.choices, 4);
		break;
	case EXITS_RDMSR:
	case EXITS_WRMSR:
		choose_msr(exits);
		break;
	case EXITS_XSETBV:
		exits->registers.rcx = choose(&world.choices, 16) == 0;
		exits->registers.rax = PICK(xcr0);
		exits->registers.rdx = 0;
		break;
	case EXITS_IO:
		exits->port = (uint16_t)choose_word();
		exits->bytes = (uint8_t)(1u << choose(&world.choices, 3));
		exits->in = choose(&world.choices, 2) != 0;
		exits->string = choose(&world.choices, 4) == 0;
		break;
	case EXITS_TDCALL:
		choose_tdcall(exits);
		break;
	case EXITS_STAGE2:
		exits->address = choose_address() + choose(&world.choices, 2) * 0x123;
		if (choose(&world.choices, 2) != 0)
			exits->address |= DOMAIN_SHARED_BIT;
		exits->write = choose(&world.choices, 2) != 0;
		exits->fetch = choose(&world.choices, 8) == 0;
		break;
	case EXITS_CR4:
		exits->rip = CODE_CR4;
		exits->registers.rax = PICK(cr4);
		break;
	case EXITS_CR8:
		exits->rip = CODE_CR8;
		exits->registers.rax = choose(&world.choices, 18);
		break;
	default:
		break;
	}
}

void choose_exit(struct guest_exits *exits)
{
	static const uint64_t kinds[] = {
		EXITS_TDCALL, EXITS_TDCALL, EXITS_TDCALL,    EXITS_TDCALL,    EXITS_TDCALL, EXITS_TDCALL,
		EXITS_TDCALL, EXITS_TDCALL, EXITS_TDCALL,    EXITS_TDCALL,    EXITS_STAGE2, EXITS_STAGE2,
		EXITS_STAGE2, EXITS_CPUID,  EXITS_RDMSR,     EXITS_WRMSR,     EXITS_WRMSR,  EXITS_XSETBV,
		EXITS_IO,     EXITS_IO,     EXITS_HLT,       EXITS_HLT,       EXITS_UD,     EXITS_DB,
		EXITS_AC,     EXITS_WINDOW, EXITS_INTERRUPT, EXITS_INTERRUPT, EXITS_NMI,    EXITS_INIT,
		EXITS_CR4,    EXITS_CR8,    EXITS_SKIPPED,   EXITS_REFUSED,   EXITS_RDPMC,  EXITS_DEAD};
	static const uint64_t events[] = {0, 0, 0, 0, 0x80000030, 0x80000b0e, 0x80000b08, 0x80000300};

	memset(exits, 0, sizeof(*exits));
	exits->kind = (enum exit_kind)PICK(kinds);
	exits->flags = (unsigned)choose(&world.choices, 32);
	exits->rip = 0x2100;
	for (unsigned i = 0; i < sizeof(exits->registers) / 8; i++)
		(&exits->registers.r15)[i] = secret(i);
	if (exits->kind == EXITS_STAGE2)
		exits->delivering = (uint32_t)PICK(events);
	choose_details(exits);
	if ((exits->flags & GUEST_LONG) == 0)
		exits->rip = (uint32_t)exits->rip;
}
