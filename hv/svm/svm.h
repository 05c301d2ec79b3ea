/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the AMD-V files share among themselves. */
#ifndef CLOISTER_SVM_SVM_H
#define CLOISTER_SVM_SVM_H

struct entry_frame;
struct vcpu;

/*
 * entry.S: takes what is held, SMIs, NMIs and INITs. SMM finds the guest's general registers in place of the
 * hypervisor's, and may change them: software that asks SMM for something puts it there. Interrupts stay off, as
 * RFLAGS.IF is clear.
 */
void svm_window(struct entry_frame *frame);

/* Answers one exit; called from entry.S between VMRUNs. */
void svm_exit(struct vcpu *vcpu);

/* The guest's IRET while it handles an NMI, and the #DB after it. */
void svm_exit_iret(struct vcpu *vcpu);
void svm_exit_debug(struct vcpu *vcpu);

/* Triple fault of the guest. */
_Noreturn void svm_guest_shutdown(struct vcpu *vcpu);

#endif
