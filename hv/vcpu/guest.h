/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What running a domain asks of the virtualisation hardware, beside vcpu.h; guest_exit.h is the other direction.
 * hv/svm and hv/vmx each define all of it. Every function works on a vCPU that is loaded on the calling CPU.
 */
#ifndef CLOISTER_VCPU_GUEST_H
#define CLOISTER_VCPU_GUEST_H

#include "domain.h"
#include "vcpu.h"

#define GUEST_MSRS 8u

/* What all domains have in common. Constant after the launch. */
struct guest_setup {
	struct domain maps; /* all ports exit; so do all registers but those that a guest has for itself */
	uint32_t msr[GUEST_MSRS];
	uint32_t msr_count, gpa_bits;
	bool barrier;           /* the CPU has IBPB */
	uint32_t cpuid_version; /* what CPUID.1:EAX shows */
};

/* Registers that neither an exit nor an entry switches: a vCPU's while another one runs on its CPU. */
struct guest_state {
	uint64_t msr[GUEST_MSRS];
	uint64_t dr[4];
	uint64_t cr2, dr6; /* on AMD-V the VMCB has them, too */
	uint64_t xcr0;
};

/* Gives a vCPU that never ran its controls, and the state in which each starts (docs/guest-abi.md, section 9). */
void vcpu_guest_start(struct vcpu *vcpu);

/**
 * Puts the guest's control structure in place of the root guest's for the next entry, and back.
 * @control: its page
 */
void vcpu_guest_load(struct vcpu *vcpu, paddr_t control);
void vcpu_guest_unload(struct vcpu *vcpu, struct vcpu *root);

/* This CPU gives up what it holds of a control structure that is not loaded. */
void vcpu_guest_flush(paddr_t control);

/* The translations that the CPU has with the guest's tag are gone at the next entry. */
void vcpu_guest_flush_tlb(struct vcpu *vcpu);

/* Enters what is loaded. On the CPU's own stack, which is empty afterwards. */
_Noreturn void vcpu_guest_enter(struct vcpu *vcpu);

/* Has it take an interrupt at the next entry. False: it cannot. */
bool vcpu_guest_interrupt(struct vcpu *vcpu, uint8_t vector);

/* Shall there be an exit as soon as it can? @cr8: what the guest reads there, where that does not exit */
void vcpu_guest_await_window(struct vcpu *vcpu, bool wanted, uint32_t cr8);

/* The event whose delivery the exit interrupted, as event.h has it, and which comes again; 0: none. */
uint32_t vcpu_guest_delivering(const struct vcpu *vcpu);

/* #VE, which comes at the next entry whatever RFLAGS.IF says. */
void vcpu_guest_inject_ve(struct vcpu *vcpu);

/* For reading the guest's code: its mode (the last two are those of long mode), and CR3. */
enum guest_mode { GUEST_UNPAGED, GUEST_PAGED, GUEST_COMPATIBILITY, GUEST_64BIT };
enum guest_mode vcpu_guest_mode(const struct vcpu *vcpu);
uint64_t vcpu_guest_cr3(const struct vcpu *vcpu);
bool vcpu_guest_interrupts_on(const struct vcpu *vcpu);

/* The bits of CR4 that a guest may have: without PCE, LA57, VMXE, SMXE, PKE, CET and what is newer. */
#define CR4_GUEST 0x00370effull

/* MOV to CR4 of these bits: completes the instruction of @bytes, or has the guest execute it again. False: #GP. */
bool vcpu_guest_write_cr4(struct vcpu *vcpu, uint64_t value, unsigned bytes);

#endif
