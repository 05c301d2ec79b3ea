/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exit dispatcher of VT-x. */
#include "entry_check.h"
#include "guest.h"
#include "machine/cpu.h"
#include "vcpu/event.h"
#include "vcpu/vcpu.h"
#include "vendor_machine.h"
#include "vmx.h"

static _Noreturn void stop(struct vcpu *vcpu, enum crash_kind kind, uint64_t code)
{
	crash(vcpu->cpu, &(struct crash_record){
				 .kind = kind,
				 .code = code,
				 .detail = vmread(EXIT_QUALIFICATION),
				 .address = vmread(GUEST_PHYSICAL_ADDRESS),
				 .rip = vmread(GUEST_RIP),
				 .rsp = vmread(GUEST_RSP),
			 });
}

void vmx_guest_shutdown(struct vcpu *vcpu)
{
	stop(vcpu, CRASH_GUEST_SHUTDOWN, vcpu->vendor.reason);
}

/*
 * VMLAUNCH or VMRESUME found controls or host state invalid: code = VM-instruction error (SDM 3C 30.4). A VMCS that
 * VMCLEAR made ready is the only one that VMRESUME may fail on.
 */
void vmx_entry_failed(struct vcpu *vcpu)
{
	const uint64_t error = vmread(VM_INSTRUCTION_ERROR);

	if (error != ERROR_RESUME_OF_CLEAR)
		stop(vcpu, CRASH_ENTRY_REFUSED, error);
}

/* An unexpected reason; with its highest bit set, the entry failed on the guest's state. */
static _Noreturn void stop_unknown(struct vcpu *vcpu)
{
	const uint32_t reason = vcpu->vendor.reason;

	stop(vcpu, (reason & REASON_ENTRY_FAILED) != 0 ? CRASH_ENTRY_REFUSED : CRASH_UNKNOWN_EXIT, reason);
}

/* The guest was to be left soon: see vcpu_nmi_arrived(). */
static void exit_trap_flag(struct vcpu *vcpu)
{
	vmx_trap_flag_off(vcpu);
	exit_nmi(vcpu);
}

/* #MC or an NMI: nothing else is intercepted. */
static void exit_exception_nmi(struct vcpu *vcpu)
{
	if ((vmread(EXIT_INTERRUPTION_INFO) & EVENT_TYPE_MASK) != EVENT_TYPE_NMI)
		stop(vcpu, CRASH_MACHINE_CHECK, VECTOR_MC);
	raise_nmi();
	exit_trap_flag(vcpu);
}

uint64_t vmx_cr_operand(const struct vcpu *vcpu, uint64_t qualification)
{
	const unsigned number = CR_REGISTER(qualification);
	const uint64_t value = number == 4 ? vmread(GUEST_RSP) : *registers_at(&vcpu->frame->guest, number);

	return (vmread(GUEST_CS_RIGHTS) & RIGHTS_L) != 0 ? value : (uint32_t)value;
}

/*
 * MOV to CR0 or CR4 with another value in a bit that VMX operation fixes. CR0.NE: the guest's shadow follows, then the
 * guest executes the instruction again, without an exit. CR4 likewise.
 */
static void exit_cr_access(struct vcpu *vcpu)
{
	const uint64_t qualification = vmread(EXIT_QUALIFICATION);

	vcpu->exits[HV_EXIT_CR]++;
	if (CR_ACCESS(qualification) != 0)
		stop_unknown(vcpu);
	const uint64_t value = vmx_cr_operand(vcpu, qualification);

	if (CR_NUMBER(qualification) == 0)
		vmwrite(CR0_SHADOW, value);
	else if (!vmx_cr4_write(vcpu, value))
		vcpu_inject(vcpu, VECTOR_GP, 0);
}

static void exit_ept_violation(struct vcpu *vcpu)
{
	const uint64_t qualification = vmread(EXIT_QUALIFICATION);

	exit_stage2(vcpu, gpa(vmread(GUEST_PHYSICAL_ADDRESS)), EPT_WRITE(qualification), EPT_FETCH(qualification));
}

static void exit_sipi(struct vcpu *vcpu)
{
	vcpu->exits[HV_EXIT_OTHER]++;
	vcpu_start(vcpu, (uint8_t)vmread(EXIT_QUALIFICATION));
	vmwrite(GUEST_ACTIVITY_STATE, ACTIVITY_ACTIVE);
}

/* A switch between tasks of the 32-bit kind, which no system of today makes, is not done for the guest. */
static void exit_task_switch(struct vcpu *vcpu)
{
	vcpu->exits[HV_EXIT_OTHER]++;
	vcpu_inject(vcpu, VECTOR_GP, 0);
}

static void vmx_exit_dispatch(struct vcpu *vcpu)
{
	switch (vcpu->vendor.reason) {
	case REASON_WRMSR:
		return exit_wrmsr(vcpu);
	case REASON_RDMSR:
		return exit_rdmsr(vcpu);
	case REASON_IO:
		return exit_io_port(vcpu, vmx_io_access(vmread(EXIT_QUALIFICATION)));
	case REASON_CR_ACCESS:
		return exit_cr_access(vcpu);
	case REASON_EPT_VIOLATION:
		return exit_ept_violation(vcpu);
	case REASON_EXCEPTION_NMI:
		return exit_exception_nmi(vcpu);
	case REASON_NMI_WINDOW:
		return vmx_exit_nmi_window(vcpu);
	case REASON_TRAP_FLAG:
		return exit_trap_flag(vcpu);
	case REASON_XSETBV:
		return exit_xsetbv(vcpu);
	case REASON_INVD:
		return exit_invd(vcpu);
	case REASON_INIT:
		return exit_init(vcpu);
	case REASON_SIPI:
		return exit_sipi(vcpu);
	case REASON_TASK_SWITCH:
		return exit_task_switch(vcpu);
	case REASON_GETSEC:
	case REASON_VMCLEAR ... REASON_VMXON:
	case REASON_INVEPT:
	case REASON_INVVPID:
	case REASON_VMFUNC:
	case REASON_SEAMCALL ... REASON_TDCALL:
	case REASON_RDMSR_IMMEDIATE ... REASON_WRMSRNS_IMMEDIATE:
		return exit_refused(vcpu);
	case REASON_TRIPLE_FAULT:
		vmx_guest_shutdown(vcpu);
	default:
		stop_unknown(vcpu);
	}
}

/*
 * What the exit interrupted is delivered again, unless the answer puts something else in its place (SDM 3C 31.7.1).
 */
void vmx_deliver_again(struct vcpu *vcpu)
{
	const uint32_t event = event_interrupted((uint32_t)vmread(IDT_VECTORING_INFO));

	if (event == 0)
		return;
	vcpu->vendor.delivering = event;
	vmwrite(ENTRY_INTERRUPTION_INFO, event);
	if ((event & EVENT_ERROR_VALID) != 0)
		vmwrite(ENTRY_EXCEPTION_ERROR_CODE, vmread(IDT_VECTORING_ERROR_CODE));
	if ((event & EVENT_TYPE_MASK) >= EVENT_TYPE_SOFTWARE)
		vmwrite(ENTRY_INSTRUCTION_LENGTH, vmread(EXIT_INSTRUCTION_LENGTH));
	if ((event & EVENT_TYPE_MASK) == EVENT_TYPE_NMI)
		vmwrite(GUEST_INTERRUPTIBILITY, vmread(GUEST_INTERRUPTIBILITY) & ~(uint64_t)BLOCKING_NMI);
}

void vmx_before_entry(struct vcpu *vcpu)
{
	if (__atomic_load_n(&vcpu->startup.init, __ATOMIC_ACQUIRE))
		exit_startup(vcpu);
	entry_check(vcpu);
	if (vcpu->cpu->machine->vendor->speculation.needed)
		speculation_before_entry(&vcpu->cpu->machine->vendor->speculation);
}

/* Instructions that exit by themselves interrupt no delivery: the two that must be fast are answered without a look. */
void vmx_exit(struct vcpu *vcpu)
{
	vcpu->vendor.reason = (uint32_t)vmread(EXIT_REASON);
	vcpu->vendor.delivering = 0;
	if (vcpu->vendor.reason == REASON_CPUID) {
		exit_cpuid(vcpu);
	} else if (vcpu->vendor.reason == REASON_VMCALL) {
		exit_hypercall(vcpu);
	} else {
		vmx_deliver_again(vcpu);
		vmx_exit_dispatch(vcpu);
		exit_housekeeping(vcpu);
	}
	vmx_before_entry(vcpu);
}
