/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One physical CPU under the hypervisor: its stacks and its descriptor tables, in the region (see cpu_carve). */
#ifndef CLOISTER_MACHINE_CPU_H
#define CLOISTER_MACHINE_CPU_H

#include "crash.h"
#include "machine.h"

#define STACK_PAGES 4
#define IST_STACKS  3 /* NMI, #DF, #MC */
#define GUEST_TAGS  4 /* of domains' vCPUs in the TLB. AMD-V may have 8 in all where it is virtual itself */
#define GDT_ENTRIES 5
#define HOST_CS     0x08
#define HOST_DS     0x10
#define HOST_TR     0x18
#define IST_NMI     1
#define IST_DF      2
#define IST_MC      3

struct vcpu;

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, iomap;
} __attribute__((packed));

_Static_assert(sizeof(struct tss) == 104, "64-bit TSS, SDM 3A 8.7");

struct cpu {
	struct machine *machine;
	uint64_t stack;                  /* its top */
	struct vcpu *vcpu;               /* the root guest's */
	struct vcpu *guest;              /* a domain's that it runs meanwhile, or null */
	uint32_t guest_page[GUEST_TAGS]; /* whose translations it has with each tag: a vCPU's page in the pool, or 0 */
	uint32_t index;
	uint32_t apic_id;
	bool is_bsp;
	bool launched;

	bool kicked;   /* atomic: an NMI on its way here is ours */
	bool nmi_seen; /* set by the hypervisor's own NMI handler */

	uint64_t gdt[GDT_ENTRIES] __attribute__((aligned(16)));
	struct tss tss;
	struct crash_record crash;
};

_Static_assert(sizeof(struct cpu) <= PAGE_BYTES, "struct cpu must fit its page");

/* Pages of a CPU, in order: struct cpu, then each stack above a guard page. */
#define CPU_PAGES (2ull + STACK_PAGES + 2ull * IST_STACKS)

/**
 * Lays a CPU out in @pages (zeroed, CPU_PAGES of them) and records the guard pages in the page tables.
 * Neither touches the CPU itself.
 */
struct cpu *cpu_carve(struct machine *m, uint32_t index, paddr_t pages);

/* Loads this CPU's GDT, TSS and IDT. Runs with the hypervisor's page tables. */
void cpu_load_tables(struct cpu *cpu);

/* The CPU that executes this, found by its x2APIC ID; null before it is under control. */
struct cpu *cpu_current(void);

/* Sends an NMI, which @cpu takes for a guest's. */
void cpu_send_nmi(const struct cpu *cpu);

/* Makes @cpu leave its guest soon: an NMI, unless one of ours is on its way. */
void cpu_kick(struct cpu *cpu);

/* Lets SMIs and NMIs that are held in the hypervisor come through for a moment: vcpu/exit.c. */
void cpu_open_window(struct cpu *cpu);

/* Stops the calling CPU for good. Its interrupts are never enabled again. */
_Noreturn void cpu_park(void);

/*
 * Entry points for the loader (boot_info.h).
 */
enum hv_error cpu_check(uint32_t index);

#endif
