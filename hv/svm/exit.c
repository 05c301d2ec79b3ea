/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exit dispatcher of AMD-V. */
#include "vcpu/event.h"
#include "vcpu/exit.h"
#include "x86/msr.h"
#include "svm.h"
#include "vcpu/vcpu.h"
#include "vmcb.h"
#include "x86/instructions.h"

void svm_guest_shutdown(struct cpu *cpu)
{
	const struct vmcb *const vmcb = cpu->vcpu.vmcb;

	crash(cpu, &(struct crash_record){.kind = CRASH_GUEST_SHUTDOWN, .rip = vmcb->rip, .rsp = vmcb->rsp});
}

static _Noreturn void stop(struct cpu *cpu, enum crash_kind kind)
{
	const struct vmcb *const vmcb = cpu->vcpu.vmcb;

	crash(cpu, &(struct crash_record){
			   .kind = kind,
			   .code = vmcb->exit_code,
			   .detail = vmcb->exit_info1,
			   .address = vmcb->exit_info2,
			   .rip = vmcb->rip,
			   .rsp = vmcb->rsp,
		   });
}

static void exit_msr(struct cpu *cpu)
{
	if (cpu->vcpu.vmcb->exit_info1 == 0)
		exit_rdmsr(cpu);
	else
		exit_wrmsr(cpu);
}

static struct io_access io_access(const struct vmcb *vmcb)
{
	const uint32_t info = (uint32_t)vmcb->exit_info1;

	return (struct io_access){
		.port = IO_PORT(info),
		.bytes = IO_BYTES(info),
		.in = (info & IO_IN) != 0,
		.string = (info & IO_STRING) != 0,
		.length = (uint8_t)(vmcb->exit_info2 - vmcb->rip), /* exit_info2: the next RIP */
	};
}

static void exit_nested_page_fault(struct cpu *cpu)
{
	const struct vmcb *const vmcb = cpu->vcpu.vmcb;

	exit_stage2(cpu, gpa(vmcb->exit_info2), (vmcb->exit_info1 & NPF_WRITE) != 0,
		    (vmcb->exit_info1 & NPF_FETCH) != 0);
}

/* System management mode runs as the host, not in the guest's context. */
static void exit_smi(struct cpu *cpu)
{
	cpu->exits[HV_EXIT_SMI]++;
	vcpu_open_window(cpu);
	(void)exit_take_nmi(cpu);
}

static void svm_exit_dispatch(struct cpu *cpu)
{
	switch ((uint32_t)cpu->vcpu.vmcb->exit_code) {
	case EXIT_MSR:
		return exit_msr(cpu);
	case EXIT_IO:
		return exit_io_port(cpu, io_access(cpu->vcpu.vmcb));
	case EXIT_NPF:
		return exit_nested_page_fault(cpu);
	case EXIT_NMI:
		return exit_nmi(cpu);
	case EXIT_IRET:
		return svm_exit_iret(cpu);
	case EXIT_EXCEPTION_DB:
		return svm_exit_debug(cpu);
	case EXIT_XSETBV:
		return exit_xsetbv(cpu);
	case EXIT_INVD:
		return exit_invd(cpu);
	case EXIT_SMI:
		return exit_smi(cpu);
	case EXIT_INIT:
		return exit_init(cpu);
	case EXIT_VMRUN:
	case EXIT_VMLOAD:
	case EXIT_VMSAVE:
	case EXIT_STGI:
	case EXIT_CLGI:
	case EXIT_SKINIT:
	case EXIT_INVLPGA:
	case EXIT_RSM:
		return exit_refused(cpu);
	case EXIT_SHUTDOWN:
		svm_guest_shutdown(cpu);
	case EXIT_EXCEPTION_MC:
		stop(cpu, CRASH_MACHINE_CHECK);
	case EXIT_INVALID:
		stop(cpu, CRASH_ENTRY_REFUSED);
	default:
		stop(cpu, CRASH_UNKNOWN_EXIT);
	}
}

void svm_exit(struct cpu *cpu)
{
	const struct speculation *const speculation = &cpu->machine->vendor.speculation;
	struct vmcb *const vmcb = cpu->vcpu.vmcb;

	if (speculation->flush_predictors) /* before anything returns */
		wrmsr(IA32_PRED_CMD, PRED_CMD_IBPB);
	/* What the exit interrupted is delivered again, unless the answer puts something else in its place. */
	vmcb->event_injection = (vmcb->exit_interrupt_info & ~(uint64_t)UINT32_MAX) |
				event_interrupted((uint32_t)vmcb->exit_interrupt_info);
	vmcb->tlb_control = TLB_KEEP;
	switch ((uint32_t)vmcb->exit_code) {
	case EXIT_CPUID:
		exit_cpuid(cpu);
		break;
	case EXIT_VMMCALL:
		exit_hypercall(cpu);
		break;
	default:
		svm_exit_dispatch(cpu);
		exit_housekeeping(cpu);
	}
	if (__atomic_load_n(&cpu->startup.init, __ATOMIC_ACQUIRE))
		exit_startup(cpu);
	if (speculation->clear_buffers)
		verw(HOST_DS);
}
