/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exit dispatcher of AMD-V. */
#include "machine/cpu.h"
#include "x86/msr.h"
#include "svm.h"
#include "vcpu/vcpu.h"
#include "vendor_machine.h"
#include "x86/instructions.h"

void svm_guest_shutdown(struct vcpu *vcpu)
{
	const struct vmcb *const vmcb = vcpu->vendor.vmcb;

	crash(vcpu->cpu, &(struct crash_record){.kind = CRASH_GUEST_SHUTDOWN, .rip = vmcb->rip, .rsp = vmcb->rsp});
}

static _Noreturn void stop(struct vcpu *vcpu, enum crash_kind kind)
{
	const struct vmcb *const vmcb = vcpu->vendor.vmcb;

	crash(vcpu->cpu, &(struct crash_record){
				 .kind = kind,
				 .code = vmcb->exit_code,
				 .detail = vmcb->exit_info1,
				 .address = vmcb->exit_info2,
				 .rip = vmcb->rip,
				 .rsp = vmcb->rsp,
			 });
}

static void exit_nested_page_fault(struct vcpu *vcpu)
{
	const struct vmcb *const vmcb = vcpu->vendor.vmcb;

	exit_stage2(vcpu, gpa(vmcb->exit_info2), (vmcb->exit_info1 & NPF_WRITE) != 0,
		    (vmcb->exit_info1 & NPF_FETCH) != 0);
}

/* System management mode runs as the host, not in the guest's context. */
static void exit_smi(struct vcpu *vcpu)
{
	vcpu->exits[HV_EXIT_SMI]++;
	vcpu_open_window(vcpu);
	(void)exit_take_nmi(vcpu);
}

void svm_exit_dispatch(struct vcpu *vcpu)
{
	switch ((uint32_t)vcpu->vendor.vmcb->exit_code) {
	case EXIT_MSR:
		return vcpu->vendor.vmcb->exit_info1 == 0 ? exit_rdmsr(vcpu) : exit_wrmsr(vcpu);
	case EXIT_IO:
		return exit_io_port(vcpu, svm_io_access(vcpu->vendor.vmcb));
	case EXIT_NPF:
		return exit_nested_page_fault(vcpu);
	case EXIT_NMI:
		return exit_nmi(vcpu);
	case EXIT_IRET:
		return svm_exit_iret(vcpu);
	case EXIT_EXCEPTION_DB:
		return svm_exit_debug(vcpu);
	case EXIT_XSETBV:
		return exit_xsetbv(vcpu);
	case EXIT_INVD:
		return exit_invd(vcpu);
	case EXIT_SMI:
		return exit_smi(vcpu);
	case EXIT_INIT:
		return exit_init(vcpu);
	case EXIT_VMRUN:
	case EXIT_VMLOAD:
	case EXIT_VMSAVE:
	case EXIT_STGI:
	case EXIT_CLGI:
	case EXIT_SKINIT:
	case EXIT_INVLPGA:
	case EXIT_RSM:
		return exit_refused(vcpu);
	case EXIT_SHUTDOWN:
		svm_guest_shutdown(vcpu);
	case EXIT_EXCEPTION_MC:
		stop(vcpu, CRASH_MACHINE_CHECK);
	case EXIT_INVALID:
		stop(vcpu, CRASH_ENTRY_REFUSED);
	default:
		stop(vcpu, CRASH_UNKNOWN_EXIT);
	}
}

void svm_exit(struct vcpu *vcpu)
{
	const struct speculation *const speculation = &vcpu->cpu->machine->vendor->speculation;
	struct vmcb *const vmcb = vcpu->vendor.vmcb;

	if (speculation->flush_predictors) /* before anything returns */
		wrmsr(IA32_PRED_CMD, PRED_CMD_IBPB);
	/* What the exit interrupted is delivered again, unless the answer puts something else in its place. */
	vmcb->event_injection = svm_interrupted(vmcb->exit_interrupt_info);
	vmcb->tlb_control = TLB_KEEP;
	switch ((uint32_t)vmcb->exit_code) {
	case EXIT_CPUID:
		exit_cpuid(vcpu);
		break;
	case EXIT_VMMCALL:
		exit_hypercall(vcpu);
		break;
	default:
		svm_exit_dispatch(vcpu);
		exit_housekeeping(vcpu);
	}
	if (__atomic_load_n(&vcpu->startup.init, __ATOMIC_ACQUIRE))
		exit_startup(vcpu);
	if (speculation->clear_buffers)
		verw(HOST_DS);
}
