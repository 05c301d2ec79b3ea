/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the exit dispatchers call for a domain's vCPU: hv/domain answers. Each completes its instruction, injects an
 * exception, or leaves the vCPU for the root guest; then the root guest's vCPU is the one that is loaded.
 */
#ifndef CLOISTER_VCPU_GUEST_EXIT_H
#define CLOISTER_VCPU_GUEST_EXIT_H

#include "exit.h"
#include "x86/registers.h"

struct cpu;

void guest_exit_cpuid(struct vcpu *vcpu);
void guest_exit_rdmsr(struct vcpu *vcpu);
void guest_exit_wrmsr(struct vcpu *vcpu);
void guest_exit_xsetbv(struct vcpu *vcpu);
void guest_exit_io(struct vcpu *vcpu, struct io_access access);
void guest_exit_hlt(struct vcpu *vcpu);

/* MOV to CR4. */
void guest_exit_cr4(struct vcpu *vcpu, uint64_t value, unsigned bytes);

/* CR8, where it exits: the TPR's upper half. */
uint64_t guest_cr8(struct vcpu *vcpu);
void guest_exit_cr8(struct vcpu *vcpu, uint64_t value);

/**
 * #UD, which may be TDCALL.
 * @known: it is TDCALL, which the CPU knows
 */
void guest_exit_tdcall(struct vcpu *vcpu, bool known);

/* An exception that the guest gets unchanged: its delivery in an endless loop must not hold the CPU. */
void guest_exit_exception(struct vcpu *vcpu, enum vector vector, uint32_t error_code);

/**
 * Reads @bytes of the guest's code, which may lie across two pages, @from so many bytes after its RIP.
 * False: there is no private page that holds them all.
 */
bool guest_code_read(struct vcpu *vcpu, uint32_t from, void *buffer, uint32_t bytes);

/* An access that stage 2 does not allow. */
struct guest_fault {
	gpa_t address;
	bool write, fetch;
	uint64_t linear; /* 0: the CPU does not say */
};
void guest_exit_stage2(struct vcpu *vcpu, const struct guest_fault *fault);

/* The CPU has something for the root guest, which the dispatcher hands to it afterwards. */
void guest_exit_preempted(struct vcpu *vcpu);

/* Triple fault, or a state that the CPU refuses. */
void guest_exit_dead(struct vcpu *vcpu);

/*
 * After each answer: pending interrupts, translations. False: the domain's vCPU was left, and the root guest's is
 * loaded. @cpu: the calling one
 */
bool guest_exit_resumes(struct cpu *cpu);

#endif
