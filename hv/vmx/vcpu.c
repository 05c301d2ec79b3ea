/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The interface of vcpu.h for VT-x: registers, stepping over instructions, injection, NMIs, INIT and SIPI. */
#include "vcpu/vcpu.h"

#include "cloister/statement.h"
#include "machine/apic.h"
#include "machine/cpu.h"
#include "vcpu/domain.h"
#include "vcpu/event.h"
#include "vcpu/launch.h"
#include "vendor_machine.h"
#include "vmx.h"
#include "x86/msr.h"

uint32_t vcpu_statement_flags(const struct machine *m)
{
	return m->vendor->speculation.smt_exposed ? HK_FLAG_SMT_EXPOSED : 0;
}

uint64_t vcpu_cr4(const struct vcpu *vcpu)
{
	return vcpu->vendor.cr4;
}

/*
 * What the CPU would refuse (SDM 2B MOV to control registers). CPUID does not show VMX and SMX, so their bits are
 * reserved.
 */
static bool cr4_valid(uint64_t value)
{
	const uint64_t old = vmread(GUEST_CR4), changed = value ^ old;
	const bool is_long = (vmread(GUEST_EFER) & EFER_LMA) != 0;

	return (value & (CR4_VMXE | CR4_SMXE | ~rdmsr(IA32_VMX_CR4_FIXED1))) == 0 &&
	       (!is_long || (changed & (CR4_PAE | CR4_LA57)) == 0) &&
	       ((value & ~old & CR4_PCIDE) == 0 || (is_long && (vmread(GUEST_CR3) & PAGE_MASK) == 0)) &&
	       ((value & CR4_CET) == 0 || (vmread(GUEST_CR0) & CR0_WP) != 0);
}

bool vmx_cr4_write(struct vcpu *vcpu, uint64_t value)
{
	const uint64_t shown = vmread(CR4_MASK) & CR4_SHOWN;

	if (!cr4_valid(value))
		return false;
	vcpu->vendor.cr4 = value & shown;
	vmwrite(CR4_SHADOW, vcpu->vendor.cr4);
	vmwrite(GUEST_CR4, (vmread(GUEST_CR4) & ~shown) | vcpu->vendor.cr4 | CR4_MCE);
	return true;
}

unsigned vcpu_cpl(const struct vcpu *vcpu)
{
	(void)vcpu;
	return (unsigned)vmread(GUEST_SS_RIGHTS) >> 5 & 3;
}

uint64_t vcpu_rip(const struct vcpu *vcpu)
{
	(void)vcpu;
	return vmread(GUEST_RIP);
}

static void end_shadow(void)
{
	const uint64_t interruptibility = vmread(GUEST_INTERRUPTIBILITY);

	if ((interruptibility & (BLOCKING_STI | BLOCKING_MOV_SS)) != 0)
		vmwrite(GUEST_INTERRUPTIBILITY, interruptibility & ~(uint64_t)(BLOCKING_STI | BLOCKING_MOV_SS));
}

/*
 * CPUID, which programs use, costs the least that is right: a shadow that it stood in may last for one more
 * instruction. The entry stays valid (26.3.1.5): STI set RFLAGS.IF and CPUID leaves it, and a shadow with TF would want
 * a pending single step, so both are written then. A guest can only see that an interrupt comes after the instruction
 * after CPUID, not before it: an STI has to be followed by CPUID for that, and no code opens interrupts for it alone.
 */
void vcpu_advance(struct vcpu *vcpu, unsigned bytes)
{
	const uint64_t rip = vmread(GUEST_RIP), rflags = vmread(GUEST_RFLAGS);
	const bool undefined = vcpu->vendor.reason == REASON_EXCEPTION_NMI; /* the length of what was #UD (27.2.5) */
	const uint64_t next = rip + (undefined ? bytes : vmread(EXIT_INSTRUCTION_LENGTH)); /* with all prefixes */
	const bool carries = (rip ^ next) >> 32 != 0 && (vmread(GUEST_CS_RIGHTS) & RIGHTS_L) == 0;

	vmwrite(GUEST_RIP, carries ? (uint32_t)next : next);
	if (vcpu->vendor.reason != REASON_CPUID || (rflags & RFLAGS_TF) != 0)
		end_shadow();
	if ((rflags & RFLAGS_TF) != 0) /* the single-step trap of the instruction that we executed */
		vmwrite(GUEST_PENDING_DEBUG, PENDING_DEBUG_BS);
}

void vcpu_inject(struct vcpu *vcpu, enum vector vector, uint32_t error_code)
{
	uint32_t event = event_exception(vcpu->vendor.delivering, vector, &error_code);

	if (event == 0)
		vmx_guest_shutdown(vcpu);
	if ((vmread(GUEST_CR0) & CR0_PE) == 0) /* real mode has no error codes (26.2.1.3) */
		event &= ~EVENT_ERROR_VALID;
	vmwrite(ENTRY_INTERRUPTION_INFO, event);
	vmwrite(ENTRY_EXCEPTION_ERROR_CODE, error_code);
}

/*
 * NMIs. One that arrives in the guest is an exit. One that arrives in the hypervisor sets the monitor trap flag from
 * its handler, whatever the hypervisor does at that moment: the next entry ends after at most one instruction, and the
 * exit looks at what arrived. Only the exits for NMI and trap flag take the flag back, before they look; any other
 * write of the primary controls sets it, since the handler may have done so meanwhile.
 */
static void write_primary(const struct vcpu *vcpu, uint32_t more)
{
	const uint32_t window = vcpu->vendor.nmi_pending ? PRIMARY_NMI_WINDOW : 0;

	vmwrite(PRIMARY_CONTROLS, vcpu->cpu->machine->vendor->controls.word[WORD_PRIMARY] | window | more);
}

void vcpu_nmi_arrived(void)
{
	vmwrite(PRIMARY_CONTROLS, vmread(PRIMARY_CONTROLS) | PRIMARY_TRAP_FLAG);
	vmwrite(GUEST_ACTIVITY_STATE, ACTIVITY_ACTIVE); /* HLT has no next instruction: the guest wakes for nothing */
}

void vmx_trap_flag_off(const struct vcpu *vcpu)
{
	write_primary(vcpu, 0);
	vmx_set_stage2(vcpu->domain->stage2.root);
}

/*
 * The trap flag ends it, or an NMI; then the instruction comes here again. Translations are cached for each table
 * (28.3.3).
 */
void vcpu_detour(struct vcpu *vcpu, paddr_t root)
{
	vmx_set_stage2(root);
	write_primary(vcpu, PRIMARY_TRAP_FLAG);
}

void vcpu_inject_nmi(struct vcpu *vcpu)
{
	vcpu->vendor.nmi_pending = true;
	write_primary(vcpu, PRIMARY_TRAP_FLAG);
}

void vmx_exit_nmi_window(struct vcpu *vcpu)
{
	vcpu->exits[HV_EXIT_NMI_WINDOW]++;
	vcpu->vendor.nmi_pending = false;
	write_primary(vcpu, PRIMARY_TRAP_FLAG);
	end_shadow(); /* STI may leave the window open, and the CPU yet refuse an NMI after it (25.2, 26.3.1.5) */
	vmwrite(ENTRY_INTERRUPTION_INFO, EVENT_VALID | EVENT_TYPE_NMI | VECTOR_NMI);
}

/* NMIs come through at any time; their handler is cpu.c's. */
void vcpu_open_window(struct vcpu *vcpu)
{
	(void)vcpu;
}

bool vcpu_msr_read(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
	(void)vcpu;
	if (msr != IA32_EFER && msr != IA32_PAT)
		return false;
	*value = vmread(msr == IA32_EFER ? GUEST_EFER : GUEST_PAT);
	return true;
}

/* EFER: the bits that an Intel CPU has; LMA is the CPU's own, LME cannot change under paging (SDM 3A 2.2.1). */
static bool efer_write(const struct vcpu *vcpu, uint64_t value)
{
	const uint64_t writable = EFER_SCE | EFER_LME | EFER_NXE, old = vmread(GUEST_EFER);

	if ((value & ~(writable | EFER_LMA)) != 0)
		return false;
	if ((vmread(GUEST_CR0) & CR0_PG) != 0 && ((value ^ old) & EFER_LME) != 0)
		return false;
	vmwrite(GUEST_EFER, (value & writable) | (old & EFER_LMA));
	invvpid(INVALIDATE_SINGLE, vcpu->tag); /* NXE and LME change what a translation means */
	return true;
}

bool vcpu_msr_write(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
	if (msr == IA32_EFER)
		return efer_write(vcpu, value);
	if (msr == IA32_PAT)
		vmwrite(GUEST_PAT, value);
	return msr == IA32_PAT;
}

void vmx_reset_segments(const struct segment *code, const struct segment *data)
{
	for (unsigned which = SEGMENT_ES; which <= SEGMENT_GS; which++)
		vmx_write_segment(which, which == SEGMENT_CS ? code : data);
	vmx_write_segment(SEGMENT_LDTR, &(struct segment){.rights = RIGHTS_LDT, .limit = 0xffff});
	vmx_write_segment(SEGMENT_TR, &(struct segment){.rights = RIGHTS_BUSY_TSS, .limit = 0xffff});
	vmwrite(GUEST_GDTR_BASE, 0);
	vmwrite(GUEST_GDTR_LIMIT, 0xffff);
	vmwrite(GUEST_IDTR_BASE, 0);
	vmwrite(GUEST_IDTR_LIMIT, 0xffff);
}

static void reset_control_registers(struct vcpu *vcpu)
{
	vmwrite(GUEST_CR0, vmx_guest_cr0(CR0_ET));
	vmwrite(CR0_SHADOW, CR0_ET | (vmread(CR0_SHADOW) & (CR0_CD | CR0_NW))); /* INIT keeps CD and NW */
	vmwrite(GUEST_CR3, 0);
	vmwrite(GUEST_CR4, CR4_VMXE | CR4_MCE);
	vmwrite(CR4_SHADOW, 0);
	vcpu->vendor.cr4 = 0;
	vmwrite(GUEST_EFER, 0);
	vmwrite(ENTRY_CONTROLS, vcpu->cpu->machine->vendor->controls.word[WORD_ENTRY] & ~ENTRY_IA32E);
	write_cr2(0);
	invvpid(INVALIDATE_SINGLE, vcpu->tag);
}

void vcpu_reset(struct vcpu *vcpu)
{
	const struct segment data = {.rights = RIGHTS_RESET_DATA, .limit = 0xffff};
	const struct segment code = {
		.selector = 0xf000, .rights = RIGHTS_RESET_CODE, .limit = 0xffff, .base = 0xffff0000};

	vcpu->frame->guest = (struct registers){.rdx = cpuid(1, 0).eax};
	vmx_reset_segments(&code, &data);
	reset_control_registers(vcpu);
	vmwrite(GUEST_DR7, DR7_INIT);
	write_dr6(DR6_INIT);
	clear_debug_addresses();
	vmwrite(GUEST_RFLAGS, RFLAGS_FIXED);
	vmwrite(GUEST_RIP, 0xfff0);
	vmwrite(GUEST_RSP, 0);
	vmwrite(GUEST_INTERRUPTIBILITY, 0);
	vmwrite(GUEST_ACTIVITY_STATE, ACTIVITY_ACTIVE);
	vmwrite(GUEST_PENDING_DEBUG, 0);
	vmwrite(ENTRY_INTERRUPTION_INFO, 0);
	vcpu->vendor.nmi_pending = false;
	write_primary(vcpu, PRIMARY_TRAP_FLAG); /* its exit ends a detour, too */
	apic_reset();
}

void vcpu_start(struct vcpu *vcpu, uint8_t vector)
{
	const uint64_t base = (uint64_t)vector << 12;
	const struct segment code = {
		.selector = (uint16_t)(base >> 4), .rights = RIGHTS_RESET_CODE, .limit = 0xffff, .base = base};

	(void)vcpu;
	vmx_write_segment(SEGMENT_CS, &code);
	vmwrite(GUEST_RIP, 0);
}
