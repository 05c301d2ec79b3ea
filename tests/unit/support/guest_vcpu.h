/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain that runs, on a CPU that is made of variables: for tests of what hv/domain answers a guest. The domain is
 * built by the host's own calls; hv/domain is real, the functions of vcpu/guest.h and vcpu.h are small fakes that
 * record what they were asked for.
 */
#ifndef TESTS_UNIT_SUPPORT_GUEST_VCPU_H
#define TESTS_UNIT_SUPPORT_GUEST_VCPU_H

#include <setjmp.h>

#include "cloister/domain.h"
#include "domain/run.h"
#include "machine/cpu.h"
#include "memory/paging.h"
#include "x86/instructions.h"

#include "width.h"

#define BED_CPUS  2u
#define BED_VCPUS 3u

/* Pages of the pool, and what bed_start() makes of them. */
#define BED_PAGES   2048u
#define BED_DOMAIN  8u
#define BED_VCPU(i) (16u + 3 * (i))
#define BED_PAGE(i) (32u + (i)) /* private memory at guest-physical page i */
#define BED_FREE    100u        /* from here on */
#define BED_LARGE   512u        /* 2 MiB, aligned */

#define BED_PRIVATE 8u        /* pages of memory that the guest has from 0 on */
#define BED_RAM     0x600000u /* its RAM, from 0 on; stage 2 has tables of 4 KiB leaves for the first 2 MiB */

struct fake_vcpu {
	/* What the vendor's functions say. */
	uint64_t rip, cr3, cr4;
	unsigned cpl;
	bool interrupts_on, interruptible, refuses_cr4;
	enum guest_mode mode;
	uint32_t delivering;

	/* What they were asked for since bed_forget(); -1: nothing. */
	unsigned advanced;
	int exception, interrupt;
	uint32_t error_code;
	bool ve, window;
	uint32_t cr8;
	unsigned tlb_flushes, starts;
	uint64_t efer, pat;
};

struct guest_bed {
	struct machine machine;
	struct pool pool;
	struct paging paging;
	struct cpu cpu[BED_CPUS];
	struct vcpu root[BED_CPUS];
	struct entry_frame frame[BED_CPUS];
	struct fake_vcpu fake[BED_CPUS];
	uint8_t *memory; /* the pool */
	uint8_t *ram;    /* the root guest's: one page for each CPU's struct domain_run */
	bool open[BED_CPUS][WINDOWS_PER_CPU];
	uint32_t shows[BED_CPUS][WINDOWS_PER_CPU]; /* which page */
	unsigned shown[BED_PAGES];                 /* in so many windows */

	/* The CPU. */
	struct cpuid_result (*cpuid)(uint32_t leaf, uint32_t subleaf);
	const char *vendor;
	uint32_t last_leaf; /* of the basic ones of CPUID */
	uint64_t tsc, xcr0, cr2, dr6, dr[4], msr[GUEST_MSRS], predictor_barriers, l1d_flushes, arch_capabilities;
	uint64_t xmm; /* for all vector registers */
	uint32_t mxcsr;

	unsigned kicks[BED_CPUS];
	void (*meanwhile)(enum window window); /* another CPU's act, as a window opens; once */
	void (*unloading)(void);               /* the same, as a vCPU's control structure is put away */
	struct registers before;
	jmp_buf jump;
	bool in_guest;
};
extern struct guest_bed bed;

/* A CPU that has everything, and XSAVE areas as they are. Above the last leaf it answers as if it had even more. */
struct cpuid_result bed_cpuid(uint32_t leaf, uint32_t subleaf);

/* A domain with vCPUs whose x2APIC IDs are 0, 5 and 0x23; ready to run. For cmocka. */
int bed_start(void **state);
int bed_stop(void **state);
int64_t bed_create(const struct domain_params *params); /* of a domain at BED_DOMAIN, for what bed_start() does first */
struct domain_params bed_params(void);

/* HC_VCPU_RUN of a vCPU. Is the CPU in the guest afterwards? */
bool bed_enter(unsigned cpu, unsigned vcpu);
struct td_vcpu *bed_guest(unsigned cpu);
struct registers *bed_registers(unsigned cpu);

/* One of the host's calls. */
int64_t bed_call(unsigned cpu, uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx, uint64_t rcx);

/* Guest-physical memory of the guest's first pages. */
void *bed_memory(uint64_t address);
uint64_t bed_record(uint32_t page);
void *bed_page(uint32_t page); /* of the pool, shown or not */

/* Fills CPU 0's registers with secrets and forgets what was asked for; what changes afterwards. */
void bed_secrets(void);
void bed_forget(void);
#define BIT(n) (1u << (n))
enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };
void bed_assert_changed(unsigned mask); /* no other registers than these, by their bits */

/* CPU 0 has left the guest, with this exit record, and has written nothing else. The root guest has its registers. */
void bed_assert_exit(const struct domain_run *expected);
struct domain_run *bed_run_page(unsigned cpu);

#endif
