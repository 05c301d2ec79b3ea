/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exits of a domain's vCPU (hv/vcpu/guest_exit.h). */
#include "vcpu/guest_exit.h"

#include "cpuid.h"
#include "code.h"
#include "machine/cpu.h"
#include "run.h"
#include "tdcall.h"
#include "tdx/abi.h"
#include "vcpu/event.h"
#include "x86/cpuid.h"
#include "x86/msr.h"

#define HLT_BYTES     1u
#define MOV_CR8_BYTES 4u
#define CR4_ALWAYS    0x6ffull /* VME, PVI, TSD, DE, PSE, PAE, MCE, PGE; not PCE; OSFXSR, OSXMMEXCPT */

/*
 * Or its end: an exception while #DF was delivered. The delivery of #DB or #AC may be the next one's cause, without end
 * and before the host's interrupts (SDM 3A 6.9): the host has its CPU in between.
 */
void guest_exit_exception(struct vcpu *vcpu, enum vector vector, uint32_t error_code)
{
	uint32_t code = error_code;

	if (event_exception(vcpu_guest_delivering(vcpu), vector, &code) == 0)
		return guest_exit_dead(vcpu);
	vcpu_inject(vcpu, vector, error_code);
	if (vector == VECTOR_DB || vector == VECTOR_AC)
		guest_exit_preempted(vcpu);
}

static void complete(struct vcpu *vcpu, bool done, unsigned bytes)
{
	if (done)
		vcpu_advance(vcpu, bytes);
	else
		guest_exit_exception(vcpu, VECTOR_GP, 0);
}

void guest_exit_cpuid(struct vcpu *vcpu)
{
	struct registers *const guest = &vcpu->frame->guest;
	struct cpuid_result r;

	guest_cpuid(td_vcpu_of(vcpu), (uint32_t)guest->rax, (uint32_t)guest->rcx, &r);
	guest->rax = r.eax;
	guest->rbx = r.ebx;
	guest->rcx = r.ecx;
	guest->rdx = r.edx;
	vcpu_advance(vcpu, CPUID_BYTES);
}

void guest_exit_rdmsr(struct vcpu *vcpu)
{
	struct registers *const guest = &vcpu->frame->guest;
	uint64_t value;
	const bool done = guest_msr_read(td_vcpu_of(vcpu), (uint32_t)guest->rcx, &value);

	if (done) {
		guest->rax = (uint32_t)value;
		guest->rdx = value >> 32;
	}
	complete(vcpu, done, RDMSR_BYTES);
}

void guest_exit_wrmsr(struct vcpu *vcpu)
{
	const struct registers *const guest = &vcpu->frame->guest;

	complete(vcpu, guest_msr_write(td_vcpu_of(vcpu), (uint32_t)guest->rcx, registers_edx_eax(guest)), RDMSR_BYTES);
}

/* What XSETBV would refuse itself must not fault here. */
void guest_exit_xsetbv(struct vcpu *vcpu)
{
	const struct registers *const guest = &vcpu->frame->guest;
	const uint64_t value = registers_edx_eax(guest);
	const bool done = vcpu_cpl(vcpu) == 0 && (uint32_t)guest->rcx == 0 &&
			  xcr0_valid(value, td_vcpu_of(vcpu)->td->info.params.xfam);

	if (done)
		xsetbv(0, value);
	complete(vcpu, done, XSETBV_BYTES);
}

/* Bits beyond these come with what CPUID shows: the CPU would refuse the entry, and never the guest's instruction. */
static uint64_t cr4_allowed(const struct td_vcpu *vcpu)
{
	struct cpuid_result leaf1, leaf7;

	guest_cpuid(vcpu, 1, 0, &leaf1);
	guest_cpuid(vcpu, 7, 0, &leaf7);
	return CR4_ALWAYS | ((leaf1.ecx & LEAF1_ECX_PCID) != 0 ? CR4_PCIDE : 0) |
	       ((leaf1.ecx & LEAF1_ECX_XSAVE) != 0 ? CR4_OSXSAVE : 0) |
	       ((leaf7.ebx & LEAF7_EBX_FSGSBASE) != 0 ? CR4_FSGSBASE : 0) |
	       ((leaf7.ebx & LEAF7_EBX_SMEP) != 0 ? CR4_SMEP : 0) | ((leaf7.ebx & LEAF7_EBX_SMAP) != 0 ? CR4_SMAP : 0) |
	       ((leaf7.ecx & LEAF7_ECX_UMIP) != 0 ? CR4_UMIP : 0);
}

void guest_exit_cr4(struct vcpu *vcpu, uint64_t value, unsigned bytes)
{
	if ((value & ~cr4_allowed(td_vcpu_of(vcpu))) != 0 || !vcpu_guest_write_cr4(vcpu, value, bytes))
		guest_exit_exception(vcpu, VECTOR_GP, 0);
}

uint64_t guest_cr8(struct vcpu *vcpu)
{
	return td_vcpu_of(vcpu)->lapic.reg[LAPIC_TPR] >> 4;
}

void guest_exit_cr8(struct vcpu *vcpu, uint64_t value)
{
	complete(vcpu, value <= 15 && lapic_write(td_vcpu_of(vcpu), IA32_X2APIC_TPR, value << 4), MOV_CR8_BYTES);
}

/*
 * A second #VE before the first was looked at has nowhere to go. What was being delivered comes first, then the
 * instruction again; each such entry may fault before the host's interrupts come, so that the host is let in.
 */
static void inject_ve(struct td_vcpu *vcpu, const struct ve_info *ve)
{
	if (vcpu_guest_delivering(&vcpu->vcpu) != 0)
		return guest_exit_preempted(&vcpu->vcpu);
	if (vcpu->ve.valid)
		return guest_exit_exception(&vcpu->vcpu, VECTOR_DF, 0);
	vcpu->ve = *ve;
	vcpu->ve.valid = true;
	vcpu_guest_inject_ve(&vcpu->vcpu);
}

/* Exit qualification of VT-x, which a guest expects (SDM 3C table 27-5). */
void guest_exit_io(struct vcpu *vcpu, struct io_access access)
{
	inject_ve(td_vcpu_of(vcpu),
		  &(struct ve_info){
			  .reason = VE_REASON_IO,
			  .length = access.length,
			  .qualification = (access.bytes - 1u) | (access.in ? 1u << 3 : 0) |
					   (access.string ? 1u << 4 : 0) | (access.repeated ? 1u << 5 : 0) |
					   (uint32_t)access.port << 16,
		  });
}

void guest_exit_hlt(struct vcpu *vcpu)
{
	td_vcpu_of(vcpu)->halt = vcpu_guest_interrupts_on(vcpu) ? HALTED : HALTED_FOR_GOOD;
	vcpu_advance(vcpu, HLT_BYTES);
}

void guest_exit_tdcall(struct vcpu *vcpu, bool known)
{
	if ((known || code_is(td_vcpu_of(vcpu), TDCALL_OPCODE)) && vcpu_cpl(vcpu) == 0 &&
	    vcpu_guest_mode(vcpu) == GUEST_64BIT)
		tdcall(td_vcpu_of(vcpu));
	else
		guest_exit_exception(vcpu, VECTOR_UD, 0);
}

/*
 * DOMAIN_EXIT_DEAD: the guest touched what it may not, and stops, rather than go on with something else.
 * DOMAIN_EXIT_PAGE: the host has to add, or to map, a page. It learns no more of the address than that.
 */
static void leave_at(struct td_vcpu *vcpu, enum domain_exit_kind kind, gpa_t address)
{
	vcpu->dead = kind == DOMAIN_EXIT_DEAD;
	run_leave(vcpu, &(struct domain_exit){.kind = kind, .address = address.value & ~PAGE_MASK});
}

void guest_exit_dead(struct vcpu *vcpu)
{
	leave_at(td_vcpu_of(vcpu), DOMAIN_EXIT_DEAD, gpa(0));
}

/*
 * A shared address. Memory that the guest released has the host's page, or gets it now; everything else is a #VE of a
 * device's register (reason 48, SDM 3C table 27-7).
 */
static void shared_fault(struct td_vcpu *vcpu, const struct guest_fault *fault, enum memory_state state)
{
	if (fault->fetch) {
		leave_at(vcpu, DOMAIN_EXIT_DEAD, fault->address);
	} else if (state == MEMORY_RELEASED) {
		leave_at(vcpu, DOMAIN_EXIT_PAGE, fault->address);
	} else {
		inject_ve(vcpu, &(struct ve_info){
					.reason = VE_REASON_MMIO,
					.qualification = (fault->write ? 2u : 1u) | 1u << 7 | 1u << 8,
					.linear = fault->linear,
					.physical = fault->address.value,
				});
	}
}

void guest_exit_stage2(struct vcpu *vcpu, const struct guest_fault *fault)
{
	struct td_vcpu *const state = td_vcpu_of(vcpu);
	const gpa_t address = gpa(fault->address.value & ~td_shared_bit(state->td));
	const bool ram = domain_is_ram(state->td, gpa(address.value & ~PAGE_MASK), PAGE_BYTES);

	if (pool_lock_domain(&state->view, state->td->info.domain) != POOL_LOCKED)
		return; /* the guest tries again */
	const enum memory_state memory = ram ? domain_memory_state(&state->view, state->td, address) : MEMORY_RELEASED;

	pool_unlock_domain(&state->view, state->td->info.domain);
	if ((fault->address.value & td_shared_bit(state->td)) != 0)
		shared_fault(state, fault, ram ? memory : MEMORY_ABSENT);
	else if (memory == MEMORY_ABSENT)
		leave_at(state, DOMAIN_EXIT_PAGE, address);
	else if (memory != MEMORY_PRIVATE) /* it came meanwhile */
		leave_at(state, DOMAIN_EXIT_DEAD, address);
}

void guest_exit_preempted(struct vcpu *vcpu)
{
	run_leave(td_vcpu_of(vcpu), &(struct domain_exit){.kind = DOMAIN_EXIT_PREEMPTED});
}

/* Interrupts by priority, each as soon as the guest takes it. */
static void deliver(struct td_vcpu *vcpu)
{
	int vector = lapic_next(&vcpu->lapic);

	if (vector >= 0 && vcpu_guest_interrupt(&vcpu->vcpu, (uint8_t)vector)) {
		lapic_deliver(&vcpu->lapic, (uint8_t)vector);
		vector = lapic_next(&vcpu->lapic);
	}
	vcpu_guest_await_window(&vcpu->vcpu, vector >= 0, vcpu->lapic.reg[LAPIC_TPR] >> 4);
}

/* The translations that were taken away are gone before the CPU says so. */
static void follow_epoch(struct td_vcpu *vcpu)
{
	struct domain_vcpu *const slot = &vcpu->td->vcpu[vcpu->index];
	const uint64_t epoch = __atomic_load_n(&vcpu->td->epoch, __ATOMIC_SEQ_CST);

	if (slot->epoch == epoch)
		return;
	vcpu_guest_flush_tlb(&vcpu->vcpu);
	vcpu->site.address = paddr(0);
	__atomic_store_n(&slot->epoch, epoch, __ATOMIC_SEQ_CST);
}

/* Is there a reason to go to the host before the guest goes on? */
static bool goes_to_host(struct td_vcpu *vcpu, enum domain_exit_kind *kind)
{
	const uint64_t deadline = vcpu->lapic.deadline;

	*kind = DOMAIN_EXIT_PREEMPTED;
	if (__atomic_load_n(&vcpu->td->info.state, __ATOMIC_ACQUIRE) != DOMAIN_READY || pool_is_closed(&vcpu->view))
		return true;
	if (vcpu->halt == HALTED && lapic_next(&vcpu->lapic) >= 0)
		vcpu->halt = NOT_HALTED;
	if (vcpu->wakes)
		*kind = DOMAIN_EXIT_WAKE;
	else if (vcpu->halt != NOT_HALTED)
		*kind = DOMAIN_EXIT_IDLE;
	vcpu->wakes = false;
	return *kind != DOMAIN_EXIT_PREEMPTED ||
	       (deadline != 0 && (deadline < vcpu->reported_deadline || vcpu->reported_deadline <= rdtsc()));
}

bool guest_exit_resumes(struct cpu *cpu)
{
	enum domain_exit_kind kind;

	if (!cpu->guest)
		return false;
	struct td_vcpu *const vcpu = td_vcpu_of(cpu->guest);

	lapic_tick(&vcpu->lapic);
	if (goes_to_host(vcpu, &kind)) {
		run_leave(vcpu, &(struct domain_exit){.kind = kind});
		return false;
	}
	follow_epoch(vcpu);
	deliver(vcpu);
	vcpu->entries++;
	return true;
}
