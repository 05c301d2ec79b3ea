/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the AMD-V files share among themselves. */
#ifndef CLOISTER_SVM_SVM_H
#define CLOISTER_SVM_SVM_H

#include "vcpu/event.h"
#include "vcpu/exit.h"
#include "vmcb.h"

struct entry_frame;
struct vcpu;

#define LEAF_SVM 0x8000000au /* of CPUID */

/* entry.S: enters the root guest; a domain's vCPU. On the CPU's stack, which is empty afterwards. */
_Noreturn void svm_run(struct entry_frame *frame);
_Noreturn void svm_run_guest(struct entry_frame *frame);

/*
 * entry.S: takes what is held, SMIs, NMIs and INITs. SMM finds the guest's general registers in place of the
 * hypervisor's, and may change them: software that asks SMM for something puts it there. Interrupts stay off, as
 * RFLAGS.IF is clear.
 */
void svm_window(struct entry_frame *frame);

/* Answers one exit; called from entry.S between VMRUNs. */
void svm_exit(struct vcpu *vcpu);

/* Answers an exit of the vCPU whose VMCB has it, but for CPUID and VMMCALL. */
void svm_exit_dispatch(struct vcpu *vcpu);

/* Answers one exit of a domain's vCPU, likewise (guest.c). False: it was left, and the root guest's is loaded. */
bool svm_guest_exit(struct vcpu *vcpu);

/* Its MOV to CR4 or CR8, by @control (guest_mov.c). */
void svm_guest_mov_cr(struct vcpu *vcpu, unsigned control);

/* The guest's IRET while it handles an NMI, and the #DB after it. */
void svm_exit_iret(struct vcpu *vcpu);
void svm_exit_debug(struct vcpu *vcpu);

/* All segments of a vCPU that starts: @data is DS's and all others'; neither GDT, IDT nor LDT, and a TSS. */
void svm_reset_segments(struct vmcb *vmcb, struct vmcb_segment code, struct vmcb_segment data);

/* Gives a vCPU the controls that all guests have. */
void svm_set_controls(const struct vcpu *vcpu);

/* An event whose delivery an exit interrupted, with its error code, as an entry delivers it. */
static inline uint64_t svm_interrupted(uint64_t event)
{
	return (event & ~(uint64_t)UINT32_MAX) | event_interrupted((uint32_t)event);
}

/* What the VMCB says of an I/O exit: exit_info2 is the next RIP. */
static inline struct io_access svm_io_access(const struct vmcb *vmcb)
{
	const uint32_t info = (uint32_t)vmcb->exit_info1;

	return (struct io_access){
		.port = IO_PORT(info),
		.bytes = IO_BYTES(info),
		.in = (info & IO_IN) != 0,
		.string = (info & IO_STRING) != 0,
		.repeated = (info & IO_REPEATED) != 0,
		.length = (uint8_t)(vmcb->exit_info2 - vmcb->rip),
	};
}

/* Triple fault of the guest. */
_Noreturn void svm_guest_shutdown(struct vcpu *vcpu);

#endif
