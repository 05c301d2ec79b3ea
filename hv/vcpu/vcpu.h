/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the machine-independent code asks of the virtualisation hardware; exit.h is the other direction. hv/svm and hv/vmx
 * each define all of it; the linker chooses. Unless said otherwise a function works on the vCPU that the calling CPU runs, between
 * an exit and the next entry, and needs no lock.
 */
#ifndef CLOISTER_VCPU_VCPU_H
#define CLOISTER_VCPU_VCPU_H

#include "machine/cpu.h"
#include "x86/registers.h"

/* HK_FLAG_* that name the vendor, and what its CPUs lack, in the statement. After vcpu_prepare(). */
uint32_t vcpu_statement_flags(const struct machine *m);

/* Lengths of the instructions that exit, for CPUs that do not report them (no redundant prefixes). */
#define CPUID_BYTES  2u
#define RDMSR_BYTES  2u
#define INVD_BYTES   2u
#define VMCALL_BYTES 3u
#define XSETBV_BYTES 3u

/**
 * Can this CPU be virtualised, and once @m is prepared, in the same way as the first? Reads registers only.
 * Returns HV_OK or the error that names what is missing or locked.
 */
enum hv_error vcpu_check(const struct machine *m);

/*
 * Fills the tables that all CPUs share (permission bitmaps, memory types). Once, from hv_prepare(), before stage 2 is built.
 * Fails where memory has a type that it must not have.
 */
struct hv_failure vcpu_prepare(struct machine *m, paddr_t pages);

/**
 * Switches virtualisation on and takes the firmware's state, as it is now, for the root guest's. The guest will go on
 * at @frame with RAX = 0. Runs with the firmware's tables and stack, after vcpu_check(). On an error nothing is changed.
 */
enum hv_error vcpu_capture(struct cpu *cpu, const struct launch_frame *frame);

/* Records the hypervisor's own state, then runs the guest. Runs on the CPU's own stack and tables. */
_Noreturn void vcpu_run(struct cpu *cpu);

/* The guest's view of its registers that are not in struct registers. */
uint64_t vcpu_cr4(const struct cpu *cpu); /* at least the bits that CPUID mirrors (CR4_MIRRORED) */
unsigned vcpu_cpl(const struct cpu *cpu);
uint64_t vcpu_rip(const struct cpu *cpu);

/*
 * Steps over the instruction that exited: RIP, interrupt shadow, single step. @bytes is used where the CPU tells no
 * length.
 */
void vcpu_advance(struct cpu *cpu, unsigned bytes);

/* Injects an exception at the next entry; the error code is used for the vectors that have one. */
void vcpu_inject(struct cpu *cpu, enum vector vector, uint32_t error_code);

/*
 * Lets the guest execute one instruction on the stage-2 table at @root (stage2_build_detour) in place of its own. The view may stay
 * for longer, where an interrupt or a fault comes first: it allows nothing more than the guest's own does.
 */
void vcpu_detour(struct cpu *cpu, paddr_t root);

/* Hands an NMI to the guest as soon as it can take one. */
void vcpu_inject_nmi(struct cpu *cpu);

/* EFER and PAT, which the guest has for itself; a PAT is valid. False: refuse with #GP. */
bool vcpu_msr_read(struct cpu *cpu, uint32_t msr, uint64_t *value);
bool vcpu_msr_write(struct cpu *cpu, uint32_t msr, uint64_t value);

/* Puts the guest into the state after INIT (SDM 3A table 10-1; APM 2 14.1.3), or after a SIPI with @vector. */
void vcpu_reset(struct cpu *cpu);
void vcpu_start(struct cpu *cpu, uint8_t vector);

/* Lets SMIs and NMIs that are held in the hypervisor come through for a moment. */
void vcpu_open_window(struct cpu *cpu);

/* An NMI arrived while the hypervisor ran: where it can arrive between the last look and the entry, ends the guest's turn. */
void vcpu_nmi_arrived(void);

#endif
