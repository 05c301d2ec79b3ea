/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Around the exit handler of AMD-V. */
#include "record.h"
#include "svm.h"
#include "vmcb.h"

void __real_svm_exit(struct vcpu *vcpu);
void __wrap_svm_exit(struct vcpu *vcpu);

static uint64_t kind_of(const struct vmcb *vmcb, const struct registers *guest)
{
	switch (vmcb->exit_code) {
	case EXIT_CPUID:
		return leaf_of(guest);
	case EXIT_MSR:
		return guest->rcx << 1 | vmcb->exit_info1;
	case EXIT_IO:
		return vmcb->exit_info1;
	case EXIT_VMMCALL:
		return guest->rax;
	default:
		return vmcb->exit_info1;
	}
}

void __wrap_svm_exit(struct vcpu *vcpu)
{
	const struct vmcb *const vmcb = vcpu->vendor.vmcb;

	record(vcpu, &(struct recorded){
			     .code = vmcb->exit_code,
			     .kind = kind_of(vmcb, &vcpu->frame->guest),
			     .info1 = vmcb->exit_info1,
			     .info2 = vmcb->exit_info2,
			     .rip = vmcb->rip,
			     .event = vmcb->exit_interrupt_info,
			     .cr0 = vmcb->cr0,
			     .cr4 = vmcb->cr4,
			     .efer = vmcb->efer,
			     .rflags = vmcb->rflags,
			     .rights = vmcb->cs.attributes,
		     });
	__real_svm_exit(vcpu);
}
