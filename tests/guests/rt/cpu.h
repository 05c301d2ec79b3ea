/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPUs: one structure each, reached through GS; how others are started and given work. */
#ifndef RT_CPU_H
#define RT_CPU_H

#include "trap.h"

#include <stddef.h>
#include <stdint.h>

#define CPU_MAX         2u
#define CPU_STACK_BYTES 16384u

#define SELECTOR_CODE      0x08u
#define SELECTOR_DATA      0x10u
#define SELECTOR_USER_DATA 0x1bu
#define SELECTOR_USER_CODE 0x23u
#define SELECTOR_TSS       0x28u
#define SELECTOR_CODE_32   0x38u

/* 64-bit TSS (APM volume 2, section 12.2.5). */
struct __attribute__((packed)) tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3, iopb;
};

typedef void (*cpu_work)(void *argument);

struct cpu {
	struct cpu *self;
	uint64_t attempt_rsp; /* entry.S: the frame of the attempt that runs, 0 without one */
	struct gprs *attempt_regs;
	struct outcome outcome;
	trap_hook hook;

	uint32_t index;
	uint32_t apic_id;
	volatile uint32_t starts;    /* times that this CPU came up */
	uint64_t apic_base_at_start; /* APIC_BASE, before the program writes it */
	volatile uint32_t nmis;      /* NMIs since the program began */
	volatile uint32_t ipis[256]; /* interrupts by vector */

	cpu_work volatile work; /* set by another CPU, cleared when it is done */
	void *volatile argument;

	uint64_t gdt[8];
	struct tss tss;
	uint8_t stack[CPU_STACK_BYTES] __attribute__((aligned(16)));
	uint8_t trap_stack[CPU_STACK_BYTES] __attribute__((aligned(16)));
	uint8_t fault_stack[CPU_STACK_BYTES] __attribute__((aligned(16)));
	uint8_t user_stack[CPU_STACK_BYTES] __attribute__((aligned(16)));
};

/* entry.S knows these. */
_Static_assert(offsetof(struct cpu, attempt_rsp) == 8, "struct cpu layout");
_Static_assert(offsetof(struct cpu, attempt_regs) == 16, "struct cpu layout");

/* A CPU's registers at its first instruction after INIT and SIPI; written by trampoline.S. */
struct __attribute__((packed)) start_state {
	uint32_t eax, ebx, ecx, edx, esi, edi, ebp, esp;
	uint16_t ip, cs, ds, es, fs, gs, ss, reserved;
	uint32_t eflags, cr0, cr2, cr3, cr4, dr6, dr7, efer;
};

/* A hypercall in real mode, and the registers after it. */
struct __attribute__((packed)) start_call {
	uint32_t eax, edi, esi, edx, ecx;
};

extern struct cpu cpus[CPU_MAX];

static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	__asm__ volatile("movq %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

/* Own descriptor tables, control registers, x2APIC. */
void cpu_take(struct cpu *cpu);

/* Where a started CPU comes to from its first code, which gave it a stack: takes it, and serves the work handed to it. */
_Noreturn void cpu_serve(struct cpu *cpu);

/* The two low pages for starting CPUs, got from the firmware. */
void trampoline_set(uint64_t page0, uint64_t page1);

/* x2APIC interrupt command: 'command' holds the low 32 bits of the ICR (APM volume 2, section 16.5). */
void ipi_send(uint32_t apic_id, uint32_t command);

#define ICR_FIXED        0x00000u
#define ICR_SMI          0x00200u
#define ICR_NMI          0x00400u
#define ICR_INIT         0x00500u
#define ICR_STARTUP      0x00600u
#define ICR_LOGICAL      0x00800u
#define ICR_ASSERT       0x04000u
#define ICR_LEVEL        0x08000u
#define ICR_SELF         0x40000u
#define ICR_ALL          0x80000u
#define ICR_ALL_BUT_SELF 0xc0000u
#define X2APIC_BROADCAST 0xffffffffu

/* Prepares low page 0 or 1 for a start of 'cpu'; returns the SIPI's vector. */
uint8_t start_prepare(struct cpu *cpu, unsigned int page);

/**
 * The same, for a start that makes a hypercall in real mode first.
 * @instruction: a FORM of 3 bytes
 */
uint8_t start_prepare_call(struct cpu *cpu, unsigned int page, const void *instruction, const struct start_call *call);

/* The registers after it. */
const struct start_call *start_answer(unsigned int page);

/* The state recorded in that page by the last start. */
const struct start_state *start_recorded(unsigned int page);

/* INIT, SIPI, SIPI; false if the CPU does not come up within a second. */
bool cpu_start(struct cpu *cpu, unsigned int page);

/* The same on a page that is prepared. */
bool cpu_start_at(struct cpu *cpu, uint8_t vector);

/* The second CPU, started if it was not; NULL where there is none. */
struct cpu *second_cpu(void);

/* Has another CPU run work(argument); cpu_wait: false if it is not done in time. */
void cpu_run(struct cpu *cpu, cpu_work work, void *argument);
bool cpu_wait(struct cpu *cpu, uint64_t timeout_us);

#endif
