/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What domains add to the VMCS (vmcs.h), and what guest.c uses of the other files. */
#ifndef CLOISTER_VMX_GUEST_H
#define CLOISTER_VMX_GUEST_H

#include "vmcs.h"

struct entry_frame;
struct vcpu;

/* Fields (SDM 3D appendix B) */
#define EXIT_INTERRUPTION_ERROR_CODE 0x4406u
#define GUEST_LINEAR_ADDRESS         0x640au

/* Controls that only domains run with (SDM 3C tables 24-5 to 24-7) */
#define PIN_EXTERNAL_INTERRUPT   (1u << 0)
#define PRIMARY_INTERRUPT_WINDOW (1u << 2) /* at times */
/* HLT, MWAIT, RDPMC, CR8-load, CR8-store, MONITOR */
#define PRIMARY_GUEST    (1u << 7 | 1u << 10 | 1u << 11 | 1u << 19 | 1u << 20 | 1u << 29)
#define SECONDARY_WBINVD (1u << 6)

/* Basic exit reasons (SDM 3D appendix C) */
#define REASON_EXTERNAL_INTERRUPT 1u
#define REASON_INTERRUPT_WINDOW   7u
#define REASON_HLT                12u
#define REASON_RDPMC              15u
#define REASON_MWAIT              36u
#define REASON_MONITOR            39u
#define REASON_WBINVD             54u
/* The entry came to nothing, and nothing else is said of the exit (26.8) */
#define REASON_ENTRY_MACHINE_CHECK 0x80000029u

/* entry.S: enters the current VMCS with the registers in @frame, on an empty stack. */
_Noreturn void vmx_enter(struct entry_frame *frame);

/*
 * Writes all controls of a VMCS that was cleared, those fields of guest and host that are the same on each CPU, and 0
 * to registers that a guest starts without.
 */
void vmx_write_controls(const struct vcpu *vcpu);

/* Writes where this CPU goes on at an exit. */
void vmx_write_host_state(const struct vcpu *vcpu);

/* What the exit interrupted is delivered again. */
void vmx_deliver_again(struct vcpu *vcpu);

/* The operand of a MOV to a control register. */
uint64_t vmx_cr_operand(const struct vcpu *vcpu, uint64_t qualification);

/* The last steps before each entry: an INIT that waits, mitigations. */
void vmx_before_entry(struct vcpu *vcpu);

/* From guest_entry.S: answers one exit of a domain's vCPU, then enters it or the root guest. */
_Noreturn void vmx_guest_exit(struct vcpu *vcpu);

#endif
