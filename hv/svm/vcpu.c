/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interface of vcpu.h for AMD-V: registers, stepping over instructions, injection, NMIs, INIT and SIPI. */
#include "vcpu/vcpu.h"

#include "cloister/statement.h"
#include "instructions.h"
#include "machine/apic.h"
#include "machine/cpu.h"
#include "svm.h"
#include "vcpu/domain.h"
#include "vcpu/launch.h"
#include "x86/cpuid.h"
#include "x86/msr.h"

#define EXT1_ECX_TCE   (1u << 17)
#define EXT1_EDX_FFXSR (1u << 25)

uint32_t vcpu_statement_flags(const struct machine *m)
{
	(void)m;
	return HK_FLAG_AMD;
}

uint64_t vcpu_cr4(const struct vcpu *vcpu)
{
	return vcpu->vendor.vmcb->cr4;
}

unsigned vcpu_cpl(const struct vcpu *vcpu)
{
	return vcpu->vendor.vmcb->cpl;
}

uint64_t vcpu_rip(const struct vcpu *vcpu)
{
	return vcpu->vendor.vmcb->rip;
}

/* The trap of an instruction that the hypervisor executed. Not inlined: the path without it needs no stack frame. */
static __attribute__((noinline)) void inject_single_step(struct vcpu *vcpu)
{
	vcpu->vendor.vmcb->dr6 |= DR6_BS;
	vcpu_inject(vcpu, VECTOR_DB, 0);
}

void vcpu_advance(struct vcpu *vcpu, unsigned bytes)
{
	struct vmcb *const vmcb = vcpu->vendor.vmcb;
	const uint64_t next = vmcb->next_rip != 0 ? vmcb->next_rip : vmcb->rip + bytes;

	vmcb->rip = (vmcb->cs.attributes & ATTRIBUTE_LONG) != 0 ? next : (uint32_t)next;
	vmcb->interrupt_shadow = 0;
	if ((vmcb->rflags & RFLAGS_TF) != 0)
		inject_single_step(vcpu);
}

void vcpu_inject(struct vcpu *vcpu, enum vector vector, uint32_t error_code)
{
	struct vmcb *const vmcb = vcpu->vendor.vmcb;
	const uint32_t event = event_exception((uint32_t)vmcb->exit_interrupt_info, vector, &error_code);

	if (event == 0)
		svm_guest_shutdown(vcpu);
	vmcb->event_injection = (uint64_t)error_code << 32 | event;
}

/*
 * NMIs. The guest blocks them until its IRET, as a CPU does (APM 2 15.20: injecting does not block): the IRET is
 * intercepted, and a waiting NMI is injected after it, which a step over it with TF finds.
 */
void vcpu_inject_nmi(struct vcpu *vcpu)
{
	struct vendor_vcpu *const vendor = &vcpu->vendor;

	if (vendor->nmi_blocked) {
		vendor->nmi_pending = true;
		return;
	}
	vendor->vmcb->event_injection = EVENT_VALID | EVENT_TYPE_NMI | VECTOR_NMI;
	vendor->vmcb->intercept_misc1 |= INTERCEPT_IRET;
	vendor->nmi_blocked = true;
}

/*
 * Has the guest execute one instruction, unless it is about to. Its own TF comes back with the trap, svm_exit_debug().
 */
static void step(struct vendor_vcpu *vendor)
{
	struct vmcb *const vmcb = vendor->vmcb;

	if ((vmcb->intercept_exceptions & 1u << VECTOR_DB) == 0)
		vendor->guest_tf = (vmcb->rflags & RFLAGS_TF) != 0;
	vmcb->rflags |= RFLAGS_TF;
	vmcb->intercept_exceptions |= 1u << VECTOR_DB;
}

void svm_exit_iret(struct vcpu *vcpu)
{
	struct vendor_vcpu *const vendor = &vcpu->vendor;
	struct vmcb *const vmcb = vendor->vmcb;

	vcpu->exits[HV_EXIT_NMI_WINDOW]++;
	vmcb->intercept_misc1 &= ~INTERCEPT_IRET;
	if (!vendor->nmi_pending) {
		vendor->nmi_blocked = false;
		return;
	}
	vendor->over_iret = true;
	step(vendor);
}

/* Only nested_cr3 shows that the guest is on a detour. */
static void set_stage2(struct vmcb *vmcb, paddr_t root)
{
	vmcb->nested_cr3 = root.value;
	vmcb->tlb_control = TLB_FLUSH_ALL;
}

/* With the interrupt shadow, no interrupt comes before the instruction. */
void vcpu_detour(struct vcpu *vcpu, paddr_t root)
{
	set_stage2(vcpu->vendor.vmcb, root);
	vcpu->vendor.vmcb->interrupt_shadow = 1;
	step(&vcpu->vendor);
}

static void end_detour(struct vcpu *vcpu)
{
	struct vmcb *const vmcb = vcpu->vendor.vmcb;
	const paddr_t root = vcpu->domain->stage2.root;

	if (vmcb->nested_cr3 == root.value)
		return;
	set_stage2(vmcb, root);
	if (!vcpu->vendor.guest_tf)
		vmcb->rflags &= ~RFLAGS_TF;
}

/* The step over the IRET is done: now the NMI that waited, after a trap if the guest gets one. */
static void end_step_over_iret(struct vcpu *vcpu, bool after_trap)
{
	struct vendor_vcpu *const vendor = &vcpu->vendor;

	vendor->over_iret = vendor->nmi_pending = vendor->nmi_blocked = false;
	if (after_trap)
		cpu_send_nmi(vcpu->cpu); /* from its handler's first instruction */
	else
		vcpu_inject_nmi(vcpu);
}

/*
 * A step is done. A trap that is not only ours is the guest's as well. After an IRET the flags are those that it
 * popped.
 */
void svm_exit_debug(struct vcpu *vcpu)
{
	struct vendor_vcpu *const vendor = &vcpu->vendor;
	struct vmcb *const vmcb = vendor->vmcb;
	const bool guests = vendor->guest_tf || (vmcb->dr6 & DR6_BREAKPOINTS) != 0 || (vmcb->dr6 & DR6_BS) == 0;

	vcpu->exits[HV_EXIT_EXCEPTION]++;
	vmcb->intercept_exceptions &= ~(1u << VECTOR_DB);
	if (!vendor->guest_tf)
		vmcb->dr6 &= ~DR6_BS;
	if (guests)
		vmcb->event_injection = EVENT_VALID | EVENT_TYPE_EXCEPTION | VECTOR_DB;
	end_detour(vcpu);
	if (vendor->over_iret)
		end_step_over_iret(vcpu, guests);
}

bool vcpu_msr_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
	const struct vmcb *const vmcb = vcpu->vendor.vmcb;

	if (msr != IA32_EFER && msr != IA32_PAT)
		return false;
	*value = msr == IA32_EFER ? vmcb->efer & ~EFER_SVME : vmcb->g_pat;
	return true;
}

/* The bits that this CPU has; VMRUN would refuse others. LMSLE is left out: newer CPUs lack it. */
static uint64_t efer_writable(void)
{
	const struct cpuid_result features = cpuid(LEAF_EXT1, 0);

	return EFER_SCE | EFER_LME | EFER_NXE | ((features.edx & EXT1_EDX_FFXSR) != 0 ? EFER_FFXSR : 0) |
	       ((features.ecx & EXT1_ECX_TCE) != 0 ? EFER_TCE : 0);
}

/* LMA is the CPU's own, LME cannot change under paging (APM 2 3.1.7). */
static bool efer_write(struct vmcb *vmcb, uint64_t value)
{
	const uint64_t writable = efer_writable();

	if ((value & ~(writable | EFER_LMA)) != 0)
		return false;
	if ((vmcb->cr0 & CR0_PG) != 0 && ((value ^ vmcb->efer) & EFER_LME) != 0)
		return false;
	vmcb->efer = (value & writable) | (vmcb->efer & EFER_LMA) | EFER_SVME;
	vmcb->tlb_control = TLB_FLUSH_ALL; /* NXE and LME change what a translation means */
	return true;
}

bool vcpu_msr_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
	struct vmcb *const vmcb = vcpu->vendor.vmcb;

	if (msr == IA32_EFER)
		return efer_write(vmcb, value);
	if (msr == IA32_PAT)
		vmcb->g_pat = value;
	return msr == IA32_PAT;
}

#define ATTRIBUTES_CODE 0x9bu
#define ATTRIBUTES_DATA 0x93u
#define ATTRIBUTES_LDT  0x82u
#define ATTRIBUTES_TSS  0x8bu

void svm_reset_segments(struct vmcb *vmcb, struct vmcb_segment code, struct vmcb_segment data)
{
	vmcb->cs = code;
	vmcb->es = vmcb->ss = vmcb->ds = vmcb->fs = vmcb->gs = data;
	vmcb->gdtr = vmcb->idtr = vmcb_segment(0, 0xffff);
	vmcb->ldtr = vmcb_segment(ATTRIBUTES_LDT, 0xffff);
	vmcb->tr = vmcb_segment(ATTRIBUTES_TSS, 0xffff);
}

void vcpu_reset(struct vcpu *vcpu)
{
	struct vendor_vcpu *const vendor = &vcpu->vendor;
	struct vmcb *const vmcb = vendor->vmcb;

	vcpu->frame->guest = (struct registers){.rdx = cpuid(1, 0).eax};
	svm_reset_segments(vmcb, vmcb_segment(ATTRIBUTES_CODE, 0xffff), vmcb_segment(ATTRIBUTES_DATA, 0xffff));
	vmcb->cs.selector = 0xf000;
	vmcb->cs.base = 0xffff0000;
	vmcb->cpl = 0;
	vmcb->efer = EFER_SVME;
	vmcb->cr0 = CR0_ET | (vmcb->cr0 & (CR0_CD | CR0_NW)); /* INIT keeps CD and NW */
	vmcb->cr2 = vmcb->cr3 = vmcb->cr4 = 0;
	set_stage2(vmcb, vcpu->domain->stage2.root);
	vmcb->dr6 = DR6_INIT;
	vmcb->dr7 = DR7_INIT;
	vmcb->rflags = RFLAGS_FIXED;
	vmcb->rip = 0xfff0;
	vmcb->rsp = 0;
	vmcb->interrupt_shadow = 0;
	vmcb->event_injection = 0;
	vmcb->intercept_misc1 &= ~INTERCEPT_IRET;
	vmcb->intercept_exceptions &= ~(1u << VECTOR_DB);
	vendor->nmi_blocked = vendor->nmi_pending = vendor->over_iret = false;
	clear_debug_addresses();
	apic_reset();
}

void vcpu_start(struct vcpu *vcpu, uint8_t vector)
{
	struct vmcb *const vmcb = vcpu->vendor.vmcb;

	vmcb->cs.selector = (uint16_t)(vector << 8);
	vmcb->cs.base = (uint64_t)vector << 12;
	vmcb->rip = 0;
}

void vcpu_open_window(struct vcpu *vcpu)
{
	svm_window(vcpu->frame);
}

/* NMIs are held until the window: none can be late. */
void vcpu_nmi_arrived(void)
{
}
