/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains on VT-x: hv/vcpu/guest.h, and the dispatcher of their exits. */
#include "vcpu/guest.h"

#include "guest.h"
#include "machine/cpu.h"
#include "memory/window.h"
#include "vcpu/event.h"
#include "vcpu/guest_exit.h"
#include "vendor_machine.h"
#include "vmx.h"
#include "x86/msr.h"

#define RFLAGS_IF       (1ull << 9)
#define RFLAGS_RF       (1ull << 16)
#define DR6_TRAPS       (DR6_BREAKPOINTS | 3ull << 13) /* and BD, BS */
#define DR7_GD          (1ull << 13)
#define VECTOR_VE       20u
#define EVENT_TYPE_INT1 (5u << 8)

/* Flat segments with a limit of 4 GiB */
#define RIGHTS_FLAT_CODE 0xc09bu
#define RIGHTS_FLAT_DATA 0xc093u

#define EPT_LINEAR(q) (((q) >> 7 & 1) != 0)

extern const char vmx_guest_exit_entry[]; /* guest_entry.S */

/*
 * The monitor trap flag, by which an NMI that arrived in the hypervisor ends the guest's turn (vcpu.c): what the NMI
 * may have asked for is looked at after this, and before the entry.
 */
static void trap_flag_off(void)
{
	vmwrite(PRIMARY_CONTROLS, vmread(PRIMARY_CONTROLS) & ~(uint64_t)PRIMARY_TRAP_FLAG);
}

static void set_controls(const struct vcpu *vcpu)
{
	const uint32_t *const word = vcpu->cpu->machine->vendor->controls.word;

	vmx_write_controls(vcpu);
	vmwrite(PIN_BASED_CONTROLS, word[WORD_PIN] | PIN_EXTERNAL_INTERRUPT);
	vmwrite(PRIMARY_CONTROLS, word[WORD_PRIMARY] | PRIMARY_GUEST | PRIMARY_TRAP_FLAG);
	vmwrite(SECONDARY_CONTROLS, (word[WORD_SECONDARY] & ~SECONDARY_USER_WAIT) | SECONDARY_WBINVD);
	vmwrite(ENTRY_CONTROLS, word[WORD_ENTRY] & ~ENTRY_IA32E);
	vmwrite(EXCEPTION_BITMAP, 1u << VECTOR_DB | 1u << VECTOR_UD | 1u << VECTOR_AC | 1u << VECTOR_MC);
	vmwrite(CR4_MASK, ~CR4_GUEST | CR4_MCE | CR4_OSXSAVE);
}

/* Without what vmx_write_controls() and vmx_reset_segments() write. */
static const struct {
	uint32_t field;
	uint64_t value;
} initial[] = {
	{CR0_SHADOW, CR0_PE | CR0_ET | CR0_NE},
	{CR4_SHADOW, CR4_MCE},
	{GUEST_CR4, CR4_VMXE | CR4_MCE},
	{GUEST_EFER, EFER_SCE | EFER_LME | EFER_NXE},
	{GUEST_PAT, PAT_RESET},
	{GUEST_DR7, DR7_INIT},
	{GUEST_RFLAGS, RFLAGS_FIXED},
	{GUEST_RIP, 0xfffffff0},
};

void vcpu_guest_start(struct vcpu *vcpu)
{
	set_controls(vcpu);
	vmx_reset_segments(&(struct segment){.rights = RIGHTS_FLAT_CODE, .limit = UINT32_MAX},
			   &(struct segment){.rights = RIGHTS_FLAT_DATA, .limit = UINT32_MAX});
	for (size_t i = 0; i < sizeof(initial) / sizeof(initial[0]); i++)
		vmwrite(initial[i].field, initial[i].value);
	vmwrite(GUEST_CR0, vmx_guest_cr0(CR0_PE | CR0_ET));
	vcpu->vendor.cr4 = CR4_MCE;
	write_dr6(DR6_INIT);
}

/* A page becomes a VMCS by its revision (SDM 3C 24.2). */
static void make_vmcs(struct vcpu *vcpu, paddr_t control)
{
	const struct machine *const m = vcpu->cpu->machine;

	*(uint32_t *)window_open(m->paging, vcpu->cpu->index, WINDOW_CONTROL, control, true) =
		m->vendor->controls.revision;
	window_close(m->paging, vcpu->cpu->index, WINDOW_CONTROL);
	vmclear(control);
	vcpu->vendor.vmcs = control;
}

void vcpu_guest_load(struct vcpu *vcpu, paddr_t control)
{
	if (vcpu->vendor.vmcs.value == 0)
		make_vmcs(vcpu, control);
	vmptrld(vcpu->vendor.vmcs);
	vmx_write_host_state(vcpu);
	vmwrite(HOST_RIP, (uintptr_t)vmx_guest_exit_entry);
	trap_flag_off();
}

void vcpu_guest_unload(struct vcpu *vcpu, struct vcpu *root)
{
	(void)vcpu;
	vmptrld(root->vendor.vmcs);
}

/* The root guest's VMCS stays current. */
void vcpu_guest_flush(paddr_t control)
{
	vmclear(control);
}

/* At once, and not at the next entry. INVVPID leaves what the CPU has of stage 2 alone (SDM 3C 28.4.3.1). */
void vcpu_guest_flush_tlb(struct vcpu *vcpu)
{
	invvpid(INVALIDATE_SINGLE, vcpu->tag);
	invept(INVALIDATE_SINGLE, vmread(EPT_POINTER));
}

/* Has the root guest to be entered: for an NMI, or an INIT? A kick asks for nothing but a look at everything. */
static bool is_due(const struct cpu *cpu)
{
	return cpu->nmi_seen || __atomic_load_n(&cpu->vcpu->startup.init, __ATOMIC_ACQUIRE);
}

void vcpu_guest_enter(struct vcpu *vcpu)
{
	struct vcpu *const root = vcpu->cpu->vcpu;

	if (vcpu != root && is_due(vcpu->cpu)) {
		guest_exit_preempted(vcpu);
		vcpu = root;
	}
	if (vcpu == root)
		(void)exit_take_nmi(root);
	vmx_before_entry(vcpu);
	vmx_enter(vcpu->frame);
}

uint32_t vcpu_guest_delivering(const struct vcpu *vcpu)
{
	return vcpu->vendor.delivering;
}

bool vcpu_guest_interrupts_on(const struct vcpu *vcpu)
{
	(void)vcpu;
	return (vmread(GUEST_RFLAGS) & RFLAGS_IF) != 0;
}

/* An injection drops the single step that is pending (26.7.3), so that it comes first. */
bool vcpu_guest_interrupt(struct vcpu *vcpu, uint8_t vector)
{
	if (!vcpu_guest_interrupts_on(vcpu) ||
	    (vmread(GUEST_INTERRUPTIBILITY) & (BLOCKING_STI | BLOCKING_MOV_SS)) != 0 ||
	    (vmread(ENTRY_INTERRUPTION_INFO) & EVENT_VALID) != 0 || vmread(GUEST_PENDING_DEBUG) != 0)
		return false;
	vmwrite(ENTRY_INTERRUPTION_INFO, EVENT_VALID | vector);
	return true;
}

/* The trap flag is set, since an NMI may have set it meanwhile: its exit comes early, and may find nothing. */
void vcpu_guest_await_window(struct vcpu *vcpu, bool wanted, uint32_t cr8)
{
	const uint64_t controls = vmread(PRIMARY_CONTROLS);

	(void)vcpu;
	(void)cr8;
	if (((controls & PRIMARY_INTERRUPT_WINDOW) != 0) != wanted)
		vmwrite(PRIMARY_CONTROLS, (controls ^ PRIMARY_INTERRUPT_WINDOW) | PRIMARY_TRAP_FLAG);
}

void vcpu_guest_inject_ve(struct vcpu *vcpu)
{
	(void)vcpu;
	vmwrite(ENTRY_INTERRUPTION_INFO, EVENT_VALID | EVENT_TYPE_EXCEPTION | VECTOR_VE);
	vmwrite(GUEST_RFLAGS, vmread(GUEST_RFLAGS) | RFLAGS_RF);
}

uint64_t vcpu_guest_cr3(const struct vcpu *vcpu)
{
	(void)vcpu;
	return vmread(GUEST_CR3);
}

enum guest_mode vcpu_guest_mode(const struct vcpu *vcpu)
{
	(void)vcpu;
	if ((vmread(GUEST_EFER) & EFER_LMA) != 0)
		return (vmread(GUEST_CS_RIGHTS) & RIGHTS_L) != 0 ? GUEST_64BIT : GUEST_COMPATIBILITY;
	return (vmread(GUEST_CR0) & CR0_PG) != 0 ? GUEST_PAGED : GUEST_UNPAGED;
}

/* The guest executes it again, and the CPU does the rest. */
bool vcpu_guest_write_cr4(struct vcpu *vcpu, uint64_t value, unsigned bytes)
{
	(void)bytes;
	return vmx_cr4_write(vcpu, value);
}

static void mov_from_cr8(struct vcpu *vcpu, unsigned number)
{
	const uint64_t value = guest_cr8(vcpu);

	if (number == 4)
		vmwrite(GUEST_RSP, value);
	else
		*registers_at(&vcpu->frame->guest, number) = value;
	vcpu_advance(vcpu, 0);
}

/* Of CR0 the bits that are not the guest's: it executes the instruction again, as the root guest does (exit.c). */
static void cr_access(struct vcpu *vcpu)
{
	const uint64_t qualification = vmread(EXIT_QUALIFICATION);

	if (CR_ACCESS(qualification) != 0)
		return mov_from_cr8(vcpu, CR_REGISTER(qualification));
	const uint64_t value = vmx_cr_operand(vcpu, qualification);

	if (CR_NUMBER(qualification) == 0)
		vmwrite(CR0_SHADOW, value);
	else if (CR_NUMBER(qualification) == 4)
		guest_exit_cr4(vcpu, value, 0);
	else
		guest_exit_cr8(vcpu, value);
}

/* A #VE tells of REP, too, and of the instruction's length. */
static void io_instruction(struct vcpu *vcpu)
{
	const uint64_t qualification = vmread(EXIT_QUALIFICATION);
	struct io_access access = vmx_io_access(qualification);

	access.repeated = (qualification >> 5 & 1) != 0;
	access.length = (uint8_t)vmread(EXIT_INSTRUCTION_LENGTH);
	guest_exit_io(vcpu, access);
}

static void ept_violation(struct vcpu *vcpu)
{
	const uint64_t qualification = vmread(EXIT_QUALIFICATION);

	guest_exit_stage2(vcpu, &(struct guest_fault){
					.address = gpa(vmread(GUEST_PHYSICAL_ADDRESS)),
					.write = EPT_WRITE(qualification),
					.fetch = EPT_FETCH(qualification),
					.linear = EPT_LINEAR(qualification) ? vmread(GUEST_LINEAR_ADDRESS) : 0,
				});
}

/*
 * What the delivery would have done before the handler: DR6; DR7.GD is off; so is a shadow, in which with TF the CPU
 * would refuse the entry (27.1, 17.2.3 and 17.2.4, 26.3.1.5).
 */
static void debug_exception(struct vcpu *vcpu, uint32_t info)
{
	const uint64_t traps = vmread(EXIT_QUALIFICATION) & DR6_TRAPS;

	write_dr6((read_dr6() & ~DR6_BREAKPOINTS) | traps);
	vmwrite(GUEST_DR7, vmread(GUEST_DR7) & ~DR7_GD);
	vmwrite(GUEST_INTERRUPTIBILITY, 0);
	if ((info & EVENT_TYPE_MASK) == EVENT_TYPE_INT1)
		vmwrite(GUEST_RIP, vmread(GUEST_RIP) + vmread(EXIT_INSTRUCTION_LENGTH));
	guest_exit_exception(vcpu, VECTOR_DB, 0);
}

static void exception_or_nmi(struct vcpu *vcpu, uint32_t info)
{
	switch (info & EVENT_VECTOR_MASK) {
	case VECTOR_NMI:
		raise_nmi();
		return trap_flag_off();
	case VECTOR_DB:
		return debug_exception(vcpu, info);
	case VECTOR_UD:
		return guest_exit_tdcall(vcpu, false);
	case VECTOR_AC:
		return guest_exit_exception(vcpu, VECTOR_AC, (uint32_t)vmread(EXIT_INTERRUPTION_ERROR_CODE));
	default: /* the rest of the record would be the domain's */
		crash(vcpu->cpu, &(struct crash_record){.kind = CRASH_MACHINE_CHECK, .code = VECTOR_MC});
	}
}

static void guest_dispatch(struct vcpu *vcpu)
{
	switch (vcpu->vendor.reason) {
	case REASON_CPUID:
		return guest_exit_cpuid(vcpu);
	case REASON_RDMSR:
		return guest_exit_rdmsr(vcpu);
	case REASON_WRMSR:
		return guest_exit_wrmsr(vcpu);
	case REASON_EXCEPTION_NMI:
		return exception_or_nmi(vcpu, (uint32_t)vmread(EXIT_INTERRUPTION_INFO));
	case REASON_ENTRY_MACHINE_CHECK:
		return exception_or_nmi(vcpu, VECTOR_MC);
	case REASON_EPT_VIOLATION:
		return ept_violation(vcpu);
	case REASON_HLT:
		return guest_exit_hlt(vcpu);
	case REASON_IO:
		return io_instruction(vcpu);
	case REASON_INTERRUPT_WINDOW:
		return;
	case REASON_TRAP_FLAG:
		return trap_flag_off();
	case REASON_EXTERNAL_INTERRUPT:
		return guest_exit_preempted(vcpu);
	case REASON_INIT:
		return startup_post_init(vcpu->cpu->vcpu);
	case REASON_CR_ACCESS:
		return cr_access(vcpu);
	case REASON_XSETBV:
		return guest_exit_xsetbv(vcpu);
	case REASON_INVD: /* no effect: memory stays coherent without */
	case REASON_WBINVD:
		return vcpu_advance(vcpu, INVD_BYTES);
	case REASON_TDCALL:
		return guest_exit_tdcall(vcpu, true);
	case REASON_RDPMC:
		return guest_exit_exception(vcpu, VECTOR_GP, 0);
	case REASON_GETSEC:
	case REASON_VMCALL ... REASON_VMXON:
	case REASON_MWAIT:
	case REASON_MONITOR:
	case REASON_INVEPT:
	case REASON_INVVPID:
	case REASON_VMFUNC:
	case REASON_SEAMCALL:
	case REASON_RDMSR_IMMEDIATE ... REASON_WRMSRNS_IMMEDIATE:
		return guest_exit_exception(vcpu, VECTOR_UD, 0);
	default: /* triple fault, task switch, a state that the CPU refuses, and what cannot be */
		return guest_exit_dead(vcpu);
	}
}

void vmx_guest_exit(struct vcpu *vcpu)
{
	struct cpu *const cpu = vcpu->cpu;

	vcpu->vendor.reason = (uint32_t)vmread(EXIT_REASON);
	vcpu->vendor.delivering = 0;
	vmx_deliver_again(vcpu);
	guest_dispatch(vcpu);
	vcpu_guest_enter(guest_exit_resumes(cpu) ? cpu->guest : cpu->vcpu);
}
