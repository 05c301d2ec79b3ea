/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Around the exit handler of VT-x. */
#include "instructions.h"
#include "record.h"
#include "vmcs.h"
#include "vmx.h"

void __real_vmx_exit(struct vcpu *vcpu);
void __wrap_vmx_exit(struct vcpu *vcpu);

static uint64_t kind_of(uint64_t reason, const struct registers *guest)
{
	switch (reason) {
	case REASON_CPUID:
		return leaf_of(guest);
	case REASON_RDMSR:
	case REASON_WRMSR:
		return guest->rcx;
	case REASON_VMCALL:
		return guest->rax;
	default:
		return vmread(EXIT_QUALIFICATION);
	}
}

void __wrap_vmx_exit(struct vcpu *vcpu)
{
	const uint64_t reason = vmread(EXIT_REASON);

	record(vcpu, &(struct recorded){
			     .code = reason,
			     .kind = kind_of(reason, &vcpu->frame->guest),
			     .info1 = vmread(EXIT_QUALIFICATION),
			     .info2 = vmread(GUEST_PHYSICAL_ADDRESS),
			     .rip = vmread(GUEST_RIP),
			     .event = vmread(IDT_VECTORING_INFO),
			     .cr0 = vmread(CR0_SHADOW),
			     .cr4 = vmread(CR4_SHADOW),
			     .efer = vmread(GUEST_EFER),
			     .rflags = vmread(GUEST_RFLAGS),
			     .rights = vmread(GUEST_CS_RIGHTS),
		     });
	__real_vmx_exit(vcpu);
}
