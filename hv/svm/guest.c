/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains on AMD-V: hv/vcpu/guest.h, and the dispatcher of their exits. */
#include "vcpu/guest.h"

#include "machine/cpu.h"
#include "memory/window.h"
#include "svm.h"
#include "vcpu/guest_exit.h"
#include "vendor_machine.h"
#include "x86/cpuid.h"
#include "x86/instructions.h"
#include "x86/msr.h"
#include "x86/switch.h"

/*
 * What only domains intercept (APM 2 appendix B and C): CR4 and CR8; INTR, VINTR, RDPMC, HLT, task switch, FERR_FREEZE;
 * WBINVD, MONITOR, MWAIT in both forms, RDPRU.
 */
#define CR_WRITE_GUEST (1u << 4 | 1u << 8)
#define MISC1_GUEST    (1u << 0 | 1u << 4 | 1u << 15 | 1u << 24 | 1u << 29 | 1u << 30)
#define MISC2_GUEST    (1u << 9 | 1u << 10 | 3u << 11 | 1u << 14)

#define EXIT_WRITE_CR4    0x14u
#define EXIT_WRITE_CR8    0x18u
#define EXIT_EXCEPTION_UD 0x46u
#define EXIT_EXCEPTION_AC 0x51u
#define EXIT_INTR         0x60u
#define EXIT_VINTR        0x64u
#define EXIT_RDPMC        0x6fu
#define EXIT_HLT          0x78u
#define EXIT_TASK_SWITCH  0x7du
#define EXIT_WBINVD       0x89u

/*
 * virtual_interrupt: CR8 as the guest reads it in the lowest bits; a pending interrupt ends the guest's turn as soon as
 * it can take one (APM 2 15.21.2, 15.21.4).
 */
#define V_IRQ          (1ull << 8)
#define V_IGN_TPR      (1ull << 20)
#define V_INTR_MASKING (1ull << 24)

#define SVM_EDX_FLUSH_BY_ASID (1u << 6)
#define TLB_FLUSH_ASID        3u

#define RFLAGS_IF (1ull << 9)
#define RFLAGS_RF (1ull << 16)
#define RFLAGS_AC (1ull << 18)
#define VECTOR_BP 3u
#define VECTOR_OF 4u
#define VECTOR_VE 20u /* no exception of AMD's: delivered as an interrupt, whatever RFLAGS.IF says */

void vcpu_guest_start(struct vcpu *vcpu)
{
	struct vmcb *const vmcb = vcpu->vendor.vmcb;

	svm_set_controls(vcpu);
	vmcb->intercept_cr_write = CR_WRITE_GUEST;
	vmcb->intercept_exceptions |= 1u << VECTOR_DB | 1u << VECTOR_UD | 1u << VECTOR_AC;
	vmcb->intercept_misc1 |= MISC1_GUEST;
	vmcb->intercept_misc2 |= MISC2_GUEST;
	vmcb->virtual_interrupt = V_INTR_MASKING;
	svm_reset_segments(vmcb, vmcb_segment(0xc9b, UINT32_MAX), vmcb_segment(0xc93, UINT32_MAX));
	vmcb->efer = EFER_SCE | EFER_LME | EFER_NXE | EFER_SVME;
	vmcb->cr0 = CR0_PE | CR0_ET | CR0_NE;
	vmcb->cr4 = CR4_MCE | CR4_PAE; /* PAE: QEMU loses the host's paging at an exit with LME and without it */
	vmcb->dr6 = DR6_INIT;
	vmcb->dr7 = DR7_INIT;
	vmcb->rflags = RFLAGS_FIXED;
	vmcb->rip = 0xfffffff0;
	vmcb->g_pat = PAT_RESET;
}

/* IBPB leaves the return stack on some CPUs (CVE-2022-23824): what the one world called is not left to the other. */
static void overwrite_returns(const struct vcpu *vcpu)
{
	if (vcpu->cpu->machine->vendor->speculation.returns_stay)
		fill_return_stack();
}

/*
 * Interrupts of the machine end the guest's turn whatever its RFLAGS.IF says, and are held for the root guest: while
 * a domain is loaded the hypervisor's own IF is set, with GIF clear (APM 2 15.21.1).
 */
void vcpu_guest_load(struct vcpu *vcpu, paddr_t control)
{
	vcpu->vendor.vmcb = window_open(vcpu->cpu->machine->paging, vcpu->cpu->index, WINDOW_CONTROL, control, true);
	vcpu->frame->guest_control = control.value;
	vcpu->frame->host_control = vcpu->cpu->vcpu->frame->host_control;
	vcpu->vendor.vmcb->event_injection = svm_interrupted(vcpu->vendor.vmcb->event_injection);
	overwrite_returns(vcpu);
	sti();
}

/* The root guest's VMCB is named by its own frame. */
void vcpu_guest_unload(struct vcpu *vcpu, struct vcpu *root)
{
	(void)root;
	cli();
	overwrite_returns(vcpu);
	window_close(vcpu->cpu->machine->paging, vcpu->cpu->index, WINDOW_CONTROL);
}

/* Nothing of a VMCB stays in the CPU. */
void vcpu_guest_flush(paddr_t control)
{
	(void)control;
}

void vcpu_guest_flush_tlb(struct vcpu *vcpu)
{
	vcpu->vendor.vmcb->tlb_control =
		(cpuid(LEAF_SVM, 0).edx & SVM_EDX_FLUSH_BY_ASID) != 0 ? TLB_FLUSH_ASID : TLB_FLUSH_ALL;
}

static void before_entry(struct vcpu *vcpu)
{
	if (vcpu->tag != VCPU_ROOT_TAG)
		vcpu->vendor.vmcb->rax = vcpu->frame->guest.rax;
	if (vcpu->cpu->machine->vendor->speculation.clear_buffers)
		verw(HOST_DS);
}

void vcpu_guest_enter(struct vcpu *vcpu)
{
	before_entry(vcpu);
	if (vcpu->tag == VCPU_ROOT_TAG)
		svm_run(vcpu->frame);
	svm_run_guest(vcpu->frame);
}

uint32_t vcpu_guest_delivering(const struct vcpu *vcpu)
{
	return (uint32_t)vcpu->vendor.vmcb->event_injection;
}

bool vcpu_guest_interrupts_on(const struct vcpu *vcpu)
{
	return (vcpu->vendor.vmcb->rflags & RFLAGS_IF) != 0;
}

bool vcpu_guest_interrupt(struct vcpu *vcpu, uint8_t vector)
{
	struct vmcb *const vmcb = vcpu->vendor.vmcb;

	if (!vcpu_guest_interrupts_on(vcpu) || (vmcb->interrupt_shadow & 1) != 0 ||
	    (vmcb->event_injection & EVENT_VALID) != 0)
		return false;
	vmcb->event_injection = EVENT_VALID | vector;
	return true;
}

void vcpu_guest_await_window(struct vcpu *vcpu, bool wanted, uint32_t cr8)
{
	vcpu->vendor.vmcb->virtual_interrupt = V_INTR_MASKING | (wanted ? V_IRQ | V_IGN_TPR : 0) | cr8;
}

void vcpu_guest_inject_ve(struct vcpu *vcpu)
{
	vcpu->vendor.vmcb->event_injection = EVENT_VALID | VECTOR_VE;
	vcpu->vendor.vmcb->rflags |= RFLAGS_RF;
}

uint64_t vcpu_guest_cr3(const struct vcpu *vcpu)
{
	return vcpu->vendor.vmcb->cr3;
}

enum guest_mode vcpu_guest_mode(const struct vcpu *vcpu)
{
	const struct vmcb *const vmcb = vcpu->vendor.vmcb;

	if ((vmcb->efer & EFER_LMA) != 0)
		return (vmcb->cs.attributes & ATTRIBUTE_LONG) != 0 ? GUEST_64BIT : GUEST_COMPATIBILITY;
	return (vmcb->cr0 & CR0_PG) != 0 ? GUEST_PAGED : GUEST_UNPAGED;
}

/* What MOV to CR4 refuses (APM 2 3.1.3); the reserved bits are the caller's. */
bool vcpu_guest_write_cr4(struct vcpu *vcpu, uint64_t value, unsigned bytes)
{
	struct vmcb *const vmcb = vcpu->vendor.vmcb;
	const bool is_long = (vmcb->efer & EFER_LMA) != 0;

	if ((is_long && (value & CR4_PAE) == 0) ||
	    ((value & ~vmcb->cr4 & CR4_PCIDE) != 0 && (!is_long || (vmcb->cr3 & PAGE_MASK) != 0)))
		return false;
	vmcb->cr4 = value | CR4_MCE; /* without it a machine check would be a shutdown of this vCPU alone */
	vcpu_guest_flush_tlb(vcpu);
	vcpu_advance(vcpu, bytes);
	return true;
}

/*
 * AMD-V gives no linear address: one of the kernel's, which takes only those for devices. A kernel that looks at user
 * memory (SMAP, and AC is set) may have been given the address by a user.
 */
static void nested_page_fault(struct vcpu *vcpu)
{
	const struct vmcb *const vmcb = vcpu->vendor.vmcb;
	const bool kernel = vmcb->cpl == 0 && ((vmcb->cr4 & CR4_SMAP) == 0 || (vmcb->rflags & RFLAGS_AC) == 0);

	guest_exit_stage2(vcpu, &(struct guest_fault){
					.address = gpa(vmcb->exit_info2),
					.write = (vmcb->exit_info1 & NPF_WRITE) != 0,
					.fetch = (vmcb->exit_info1 & NPF_FETCH) != 0,
					.linear = kernel ? 0xffff800000000000 | vmcb->exit_info2 : 0,
				});
}

/* The machine's events: the root guest's exit handler has them. */
static void hand_on(struct vcpu *vcpu, uint32_t code)
{
	struct vcpu *const root = vcpu->cpu->vcpu;

	guest_exit_preempted(vcpu);
	root->vendor.vmcb->exit_code = code;
	svm_exit_dispatch(root);
}

/* INT n, INT3 and INTO. */
static bool is_of_instruction(uint64_t event)
{
	const uint32_t what = (uint32_t)event & (EVENT_TYPE_MASK | EVENT_VECTOR_MASK);

	return (what & EVENT_TYPE_MASK) == EVENT_TYPE_SOFTWARE || what == (EVENT_TYPE_EXCEPTION | VECTOR_BP) ||
	       what == (EVENT_TYPE_EXCEPTION | VECTOR_OF);
}

/*
 * An instruction whose event's delivery an exit interrupted is executed again, as RIP says: for the delivery the CPU
 * would want to know where it ends, and the exit does not say so (APM 2 15.20).
 */
static void guest_dispatch(struct vcpu *vcpu, uint32_t code)
{
	struct vmcb *const vmcb = vcpu->vendor.vmcb;

	if (is_of_instruction(vmcb->event_injection))
		vmcb->event_injection = 0;
	switch (code) {
	case EXIT_MSR:
		return vmcb->exit_info1 == 0 ? guest_exit_rdmsr(vcpu) : guest_exit_wrmsr(vcpu);
	case EXIT_EXCEPTION_UD:
		return guest_exit_tdcall(vcpu, false);
	case EXIT_NPF:
		return nested_page_fault(vcpu);
	case EXIT_HLT:
		return guest_exit_hlt(vcpu);
	case EXIT_IO:
		return guest_exit_io(vcpu, svm_io_access(vmcb));
	case EXIT_VINTR:
		return;
	case EXIT_INTR:
		return guest_exit_preempted(vcpu);
	case EXIT_NMI ... EXIT_INIT: /* and SMI */
	case EXIT_EXCEPTION_MC:
		return hand_on(vcpu, code);
	case EXIT_EXCEPTION_DB:
		return guest_exit_exception(vcpu, VECTOR_DB, 0);
	case EXIT_EXCEPTION_AC:
		return guest_exit_exception(vcpu, VECTOR_AC, (uint32_t)vmcb->exit_info1);
	case EXIT_WRITE_CR4:
		return svm_guest_mov_cr(vcpu, 4);
	case EXIT_WRITE_CR8:
		return svm_guest_mov_cr(vcpu, 8);
	case EXIT_XSETBV:
		return guest_exit_xsetbv(vcpu);
	case EXIT_INVD: /* no effect: memory stays coherent without */
	case EXIT_WBINVD:
		return vcpu_advance(vcpu, INVD_BYTES);
	case EXIT_SHUTDOWN:
	case EXIT_INVALID:
	case EXIT_TASK_SWITCH:
		return guest_exit_dead(vcpu);
	case EXIT_RDPMC:
		return guest_exit_exception(vcpu, VECTOR_GP, 0);
	default:
		return guest_exit_exception(vcpu, VECTOR_UD, 0);
	}
}

bool svm_guest_exit(struct vcpu *vcpu)
{
	struct cpu *const cpu = vcpu->cpu;
	struct vmcb *const vmcb = vcpu->vendor.vmcb;

	if (cpu->machine->vendor->speculation.flush_predictors)
		wrmsr(IA32_PRED_CMD, PRED_CMD_IBPB);
	vcpu->frame->guest.rax = vmcb->rax;
	vmcb->event_injection = svm_interrupted(vmcb->exit_interrupt_info);
	vmcb->tlb_control = TLB_KEEP;
	if ((uint32_t)vmcb->exit_code == EXIT_CPUID)
		guest_exit_cpuid(vcpu);
	else
		guest_dispatch(vcpu, (uint32_t)vmcb->exit_code);
	const bool resumes = guest_exit_resumes(cpu);

	if (!resumes && __atomic_load_n(&cpu->vcpu->startup.init, __ATOMIC_ACQUIRE))
		exit_startup(cpu->vcpu);
	before_entry(resumes ? vcpu : cpu->vcpu);
	return resumes;
}
