/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine of three CPUs with the root guest and domains, out of an input's choices: shared by its parts. Steps are
 * calls and exits. While one is answered, another CPU may make its own: at a lock, a window, a copy of RAM, a kick.
 */
#ifndef FUZZ_MACHINE_WORLD_H
#define FUZZ_MACHINE_WORLD_H

#include <setjmp.h>

#include "fuzz/shared/promise.h"
#include "hv/domain/debug/ghost.h"
#include "hv/domain/vcpu.h"
#include "hv/machine/cpu.h"
#include "hv/vcpu/vcpu.h"
#include "tests/unit/support/domain_choices.h"
#include "tests/unit/support/domain_host.h"
#include "tests/unit/support/width.h"

#define CPUS           3u
#define COUNT_OF(list) (sizeof(list) / sizeof((list)[0]))

/* Which of a step's effects the specification knows, and when: as it gives its domain's lock back, or as it ends. */
enum effect { EFFECT_NONE, EFFECT_CALL, EFFECT_RUN, EFFECT_ACCEPT, EFFECT_LAZY, EFFECT_MAP_GPA };

/* What one CPU does until it is in a guest again. */
struct step {
	struct step *outer; /* the one that it interrupts */
	struct cpu *cpu;
	uint32_t domain;          /* whose pages it may look at; 0: anybody's */
	unsigned moments;         /* places until another CPU makes a step; 0: none will */
	unsigned inner;           /* steps that were made meanwhile */
	unsigned windows;         /* that were opened */
	bool locked, over;        /* it had its domain's lock; has given it back */
	bool frees;               /* pages were freed: nobody takes one before the specification knows */
	uint8_t reads[RAM_PAGES]; /* of pages of RAM */
	jmp_buf left;

	enum effect effect;
	struct ghost_call call;
	struct domain_params params;
	int64_t result;
	int64_t expected;          /* of EFFECT_RUN, once it is over */
	bool again;                /* EFFECT_RUN: of the vCPU that the CPU has loaded */
	bool goes_on;              /* EFFECT_RUN: it has given the lock back */
	bool occupies;             /* EFFECT_RUN: the vCPU is the CPU's */
	enum memory_answer answer; /* of EFFECT_ACCEPT, once it is over */
};

struct world {
	struct machine machine;
	struct cpu cpus[CPUS];
	struct vcpu vcpus[CPUS]; /* the root guest's */
	struct entry_frame frames[CPUS];
	struct step steps[CPUS];
	struct step *step; /* the innermost */
	struct choices choices;
	struct ghost ghost;
	bool ended;        /* no domain runs any more */
	bool ending;       /* and a CPU waits for that */
	bool nmi[CPUS];    /* on its way to the CPU */
	bool resets[CPUS]; /* an INIT was acted upon */
	bool twice;        /* the input is run with two secrets */
	uint64_t secret;   /* of which all is made that a domain does not pass on */
	uint64_t digest;   /* of all that the root guest sees */
	uint64_t tsc;
	bool verbose;
};
extern struct world world;

/* steps.c */

/* A place where another CPU may make a step. */
void between(void);

/* Another CPU makes its step now. */
void interrupt_by(struct cpu *cpu);

/* The CPU is in a guest now, whatever it did: the step is over. */
_Noreturn void step_ends(void);

/* Something that the root guest sees. */
void seen(const void *what, size_t bytes);

/* A word that nobody but the guest of a domain knows. */
uint64_t secret(unsigned number);

/* memory.c: the pool, RAM and the windows */

extern uint8_t *const pool_memory;
extern _Alignas(4096) uint8_t ram[RAM_PAGES][PAGE_BYTES];

void memory_start(uint32_t pages);
uint64_t pool_record(uint32_t page); /* without its lock */
void *pool_contents(uint32_t page);
uint32_t page_of(uint64_t address); /* of the pool */

/* Changes as a domain is locked and unlocked: its memory does not change otherwise. */
uint64_t lock_count(uint32_t domain);

/* A step changes nothing of the vCPUs of other domains than its own, a pending interrupt for one: kept before it. */
void keep_vcpus(uint32_t cpu);
void check_vcpus(const struct step *step);

/* The CPU has no lock, and no more windows than a guest needs. */
void check_released(const struct cpu *cpu);

/* Each page with contents of a guest is zero. */
void check_wiped(void);

/* tlb.c: translations that a CPU may have with the guests' tag */

void tlb_start(void);
void tlb_flush(const struct cpu *cpu, uint32_t tag); /* of the guest that it runs; 0: of all tags */
void tlb_flush_all(uint32_t cpu);

/* The CPU enters a guest; is in it, and uses what there is. */
void tlb_enter(const struct cpu *cpu, const struct td *td);
void tlb_use(const struct cpu *cpu, const struct td *td);

/* No CPU that is in a guest reaches this page of the pool; this shared memory of the domain. */
void check_unreachable(uint32_t page);
void check_unshared(uint32_t domain, uint64_t address, uint64_t bytes);

/* registers.c: what the CPUs share with all that run on them */

struct physical {
	uint64_t msr[9];
	uint64_t dr[4], cr2, dr6, xcr0;
	uint64_t xmm; /* for all vector registers */
	uint32_t mxcsr;
	bool interrupts; /* RFLAGS.IF of the hypervisor */
};
extern struct physical physical[CPUS];

void registers_start(void);
void registers_of_root(uint32_t cpu);       /* the root guest writes its own */
void registers_of_guest(uint32_t cpu);      /* a domain writes secrets */
void check_registers_of_root(uint32_t cpu); /* they are as the root guest wrote them, or in their first state */

/* spec.c: what the root guest's calls must do */

bool spec_has_domain(uint64_t page);
bool spec_takes_pages(uint64_t number); /* a hypercall that does */

/* Before a step each CPU is as far as its vCPU says: which may use yet what was taken away. */
void spec_begins(const struct step *step);

/* As a step gives its domain's lock back, and as it ends. */
void spec_unlocks(struct step *step);
void spec_finish(struct step *step, int64_t result);

/* The vCPU that a CPU is in. */
struct ghost_vcpu *ghost_vcpu_of(const struct cpu *cpu);

/* May a request that waits for other CPUs have found them in their guests? @waits: it did. Until spec_looked(). */
void spec_looks(const struct step *step, bool waits);
void spec_looked(void);

/* root.c: the root guest */

void root_start(void);
int64_t root_built(uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx, uint64_t rcx); /* before the input */
void root_step(struct step *step);

/* It has its CPU again, after a run. */
void root_returns(struct cpu *cpu);

/* guest.c: a domain's exits */

void guest_build(uint32_t domain, uint32_t *page); /* its first memory, of pages from @page on */
void guest_step(struct step *step);
void guest_unlocks(struct step *step);

/* Runs as its exit tells: flags of a guest's state. */
enum guest_flags { GUEST_LONG = 1, GUEST_USER = 2, GUEST_IF = 4, GUEST_TF = 8, GUEST_SHADOW = 16 };

enum exit_kind {
	EXITS_CPUID,
	EXITS_RDMSR,
	EXITS_WRMSR,
	EXITS_XSETBV,
	EXITS_IO,
	EXITS_HLT,
	EXITS_TDCALL, /* or #UD where the CPU does not know it */
	EXITS_UD,
	EXITS_DB,
	EXITS_AC,
	EXITS_STAGE2,
	EXITS_WINDOW,
	EXITS_INTERRUPT,
	EXITS_NMI,
	EXITS_INIT,
	EXITS_CR4,
	EXITS_CR8,
	EXITS_SKIPPED,
	EXITS_REFUSED,
	EXITS_RDPMC,
	EXITS_DEAD,
	EXIT_KINDS
};

struct guest_exits {
	enum exit_kind kind;
	unsigned flags;
	struct registers registers;
	uint64_t rip, value; /* of CR4, CR8 in RAX */
	uint32_t delivering; /* the event that it interrupted */
	uint16_t port;
	uint8_t bytes;
	bool in, string;
	uint64_t address; /* that stage 2 refuses */
	bool write, fetch;
};

/* exits.c: chooses one */
void choose_exit(struct guest_exits *exits);

/* Where the guest's code has TDCALL, MOV to CR4 and MOV to CR8 from RAX, and a TDCALL across two pages. */
#define CODE_TDCALL 0x2000ull
#define CODE_CR4    0x2010ull
#define CODE_CR8    0x2020ull
#define CODE_ACROSS 0x2ffeull
#define DATA        0x3000ull /* a page after the code */

/*
 * The vendor's part, svm.c or vmx.c.
 */

void vendor_start(void);
unsigned
vendor_window(void); /* that is open while a guest runs, beside the domain's and the vCPU's; WINDOWS_PER_CPU: none */
void vendor_start_cpu(struct cpu *cpu);

/* Exits of the root guest: a hypercall, WRMSR, an NMI. Return, or end the step. */
enum root_exit { ROOT_HYPERCALL, ROOT_WRMSR, ROOT_NMI };
void vendor_root_exit(struct cpu *cpu, enum root_exit which);

/* An exit of a domain's vCPU, likewise. */
void vendor_guest_exit(struct cpu *cpu, const struct guest_exits *exits);

/* What is loaded is entered: its controls, and flushes. */
void vendor_enters(struct cpu *cpu);

/* Does what is loaded exit again at once? */
bool vendor_leaves_soon(const struct cpu *cpu);

/* The tag of translations through a top table, and in which set of them the CPU's guest has its own. */
uint32_t vendor_tag(uint64_t table);
uint32_t vendor_set(const struct cpu *cpu);

/* Where the guest that is loaded goes on, and which event it gets. */
uint64_t vendor_rip(const struct cpu *cpu);
uint32_t vendor_event(const struct cpu *cpu);

/* The root guest's state that the vendor keeps, for its digest. */
void vendor_seen(const struct cpu *cpu);

/* An NMI came while the hypervisor runs on the CPU, and is let through. */
void arrive_nmi(void);

#endif
