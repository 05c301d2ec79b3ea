/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the exit dispatchers of hv/svm and hv/vmx call: one answer for each kind of exit. Each completes its instruction
 * or injects an exception. They run on the CPU of the vCPU that exited, before its next entry, and are called without a
 * lock.
 */
#ifndef CLOISTER_VCPU_EXIT_H
#define CLOISTER_VCPU_EXIT_H

#include "memory/address.h"

struct vcpu;

void exit_cpuid(struct vcpu *vcpu);
void exit_rdmsr(struct vcpu *vcpu);
void exit_wrmsr(struct vcpu *vcpu);
void exit_xsetbv(struct vcpu *vcpu);
void exit_hypercall(struct vcpu *vcpu);

/*
 * An access to an intercepted port. @bytes is 1, 2 or 4; @length the instruction's, where the CPU reports it only here.
 */
struct io_access {
	uint16_t port;
	uint8_t bytes;
	bool in;
	bool string, repeated;
	uint8_t length;
};
void exit_io_port(struct vcpu *vcpu, struct io_access access);

/* @address: where; @write, @fetch: how. */
void exit_stage2(struct vcpu *vcpu, gpa_t address, bool write, bool fetch);

/* INVD would throw away the hypervisor's own dirty lines. */
void exit_invd(struct vcpu *vcpu);

/* Refuses an instruction that the guest does not have: #UD, counted. */
void exit_refused(struct vcpu *vcpu);

/* Says on the console that an access was refused: such as "read", "of MSR" and its number. */
void exit_note_refusal(const struct vcpu *vcpu, const char *access, const char *object, uint64_t number);

/* An NMI arrived, or the guest was to be left soon. */
void exit_nmi(struct vcpu *vcpu);

/* Hands on the NMI that arrived while the hypervisor ran. False: none did. */
bool exit_take_nmi(struct vcpu *vcpu);

/*
 * An INIT that did not come through the ICR: a device's message, an LVT entry, the chipset, or from before the launch.
 */
void exit_init(struct vcpu *vcpu);

/*
 * What has to be looked at from time to time: after each answer but those of CPUID and hypercalls, which must be fast.
 */
void exit_housekeeping(struct vcpu *vcpu);

/*
 * Acts on an INIT that was posted for this CPU (startup.init is set), waiting for the SIPI unless it is the BSP. After
 * the answer, before the next entry. Takes the startup lock.
 */
void exit_startup(struct vcpu *vcpu);

#endif
