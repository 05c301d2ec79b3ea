/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-V under the harness: a VMCB in memory, its exits, and the checks of it after each. */
#include <string.h>

#include "hv/svm/svm.h"
#include "hv/svm/vmcb.h"
#include "vendor_machine.h"
#include "world.h"

static _Alignas(4096) struct vmcb vmcbs[CPUS];
/* Of FEATURE_VENDOR. */
#define FEATURE_FLUSH_PREDICTORS (1u << FEATURE_VENDOR)
#define FEATURE_CLEAR_BUFFERS    (2u << FEATURE_VENDOR)

static bool flushed, cleared; /* since the exit: branch predictors, the CPU's buffers */
static bool init_held;        /* an INIT that was intercepted, which is still pending (APM 2 15.21.8) */

/* The window of a CPU that waits for a SIPI: another one sends it, so the wait ends. */
void svm_window(struct entry_frame *frame)
{
	PROMISE(frame == world.running->vcpu->frame);
	arrive_nmi();
	if (init_held) {
		init_held = false;
		arrive_exception(30); /* #SX, by VM_CR.R_INIT */
	}
	if (world.running->vcpu->startup.waiting)
		other_cpu_sends(ICR_SIPI);
}

uint64_t vendor_rdmsr(uint32_t msr)
{
	fprintf(stderr, "MSR %x is not for the hypervisor to read\n", msr);
	abort();
}

void vendor_wrmsr(uint32_t msr, uint64_t value)
{
	PROMISE(msr == 0x49 && value == 1 && (world.features & FEATURE_FLUSH_PREDICTORS) != 0);
	flushed = true;
}

void verw(uint16_t selector)
{
	PROMISE(selector == 0x10 && (world.features & FEATURE_CLEAR_BUFFERS) != 0);
	cleared = true;
}

void vendor_set_up(struct cpu *cpu)
{
	struct vmcb *const vmcb = &vmcbs[cpu->index];

	cpu->machine->vendor->speculation = (struct speculation){
		.flush_predictors = (world.features & FEATURE_FLUSH_PREDICTORS) != 0,
		.clear_buffers = (world.features & FEATURE_CLEAR_BUFFERS) != 0,
	};
	init_held = false;
	memset(vmcb, 0, sizeof(*vmcb));
	cpu->vcpu->vendor.vmcb = vmcb;
	vmcb->efer = 0x1500;
	vmcb->asid = TAG;
	vmcb->nested_control = 1;
	vmcb->nested_cr3 = STAGE2;
	vmcb->iopm_base = 0x66000;
	vmcb->msrpm_base = 0x55000;
	vmcb->intercept_exceptions = 1u << 18;
	vmcb->intercept_misc1 = 0x9c4c000e;
	vmcb->intercept_misc2 = 0x207f;
}

/* The last three end a sequence, so they are rare. */
static const uint32_t exit_codes[] = {0x7c, 0x7c,  0x7c,  0x7c, 0x81, 0x81, 0x81, 0x81, 0x7b, 0x7b, 0x7b,
				      0x7b, 0x400, 0x400, 0x61, 0x61, 0x74, 0x74, 0x41, 0x72, 0x8d, 0x8d,
				      0x76, 0x62,  0x63,  0x80, 0x84, 0x86, 0x7a, 0x7f, 0x52, 0x1f0};

static enum crash_kind stops(uint64_t exit_code)
{
	switch (exit_code) {
	case 0x7f:
		return CRASH_GUEST_SHUTDOWN;
	case 0x52:
		return CRASH_MACHINE_CHECK;
	case 0x1f0:
		return CRASH_UNKNOWN_EXIT;
	default:
		return CRASH_NONE;
	}
}

/* An event that a CPU can have been delivering: none, an interrupt, an NMI, an exception. */
static uint64_t take_delivering(struct input *input)
{
	static const uint32_t events[] = {0,          0,          0,          0x80000030, 0x80000202,
					  0x80000b0e, 0x80000b08, 0x80000300, 0x80000b0d, 0x80000301};

	return events[take(input, 1) % COUNT_OF(events)];
}

static uint64_t io_info(struct io_access access)
{
	return (uint64_t)access.port << 16 | (uint64_t)access.bytes << 4 | (access.string ? 4u : 0) |
	       (access.in ? 1u : 0);
}

/* NMIs and INITs wait until the hypervisor opens its window. */
static void take_held(const struct cpu *cpu, uint64_t exit_code, bool nmi)
{
	if (nmi || exit_code == 0x61)
		world.nmi[cpu->index] = true;
	init_held = exit_code == 0x63;
}

uint32_t vendor_take_exit(struct input *input, struct cpu *cpu)
{
	struct vmcb *const vmcb = cpu->vcpu->vendor.vmcb;
	struct registers *const guest = &cpu->vcpu->frame->guest;
	const uint16_t flags = (uint16_t)take(input, 2);

	vmcb->exit_code = exit_codes[take(input, 1) % COUNT_OF(exit_codes)];
	vmcb->exit_info1 = vmcb->exit_code == 0x7c ? flags & 1 : take_register(input);
	vmcb->rip = take_register(input);
	vmcb->exit_info2 = vmcb->exit_code == 0x7b ? vmcb->rip + 2 : take_register(input);
	vmcb->exit_interrupt_info = vmcb->exit_code == 0x400 ? take_delivering(input) : 0;
	if ((flags & 0x200) != 0) /* reserved bits, which an entry refuses */
		vmcb->exit_interrupt_info |= 0x1000;
	vmcb->next_rip = (flags & 2) != 0 && vmcb->exit_code != 0x400 ? vmcb->rip + 2 : 0;
	vmcb->cpl = flags >> 2 & 3;
	vmcb->cs.attributes = (flags & 0x10) != 0 ? 0x29b : 0x49b;
	vmcb->rflags = (flags & 0x20) != 0 ? 0x102 : 2;
	vmcb->cr0 = (flags & 0x40) != 0 ? 0x80010033 : 0x31;
	vmcb->cr4 = (flags & 0x80) != 0 ? 0x40668 : 0x668;
	if (vmcb->exit_code == 0x81)
		take_hypercall(input, guest);
	if (vmcb->exit_code == 0x7c)
		take_msr(input, guest);
	if (vmcb->exit_code == 0x8d)
		take_xcr0(input, guest);
	if (vmcb->exit_code == 0x7b)
		vmcb->exit_info1 = io_info(take_io(input, guest));
	take_held(cpu, vmcb->exit_code, (flags & 0x100) != 0);
	world.stops = stops(vmcb->exit_code);
	world.double_fault = (vmcb->exit_interrupt_info & 0x80000fff) == 0x80000b08;
	return (uint32_t)vmcb->exit_code;
}

static void check(const struct cpu *cpu, const struct vmcb *before)
{
	const struct vmcb *const vmcb = cpu->vcpu->vendor.vmcb;

	PROMISE((vmcb->efer & 0x1000) != 0 && (vmcb->efer & ~0xdd01ull) == 0);
	PROMISE(vmcb->asid == TAG && vmcb->nested_control == 1);
	PROMISE(vmcb->nested_cr3 == STAGE2 || (vmcb->nested_cr3 == DETOUR && (vmcb->intercept_exceptions & 2) != 0));
	PROMISE(vmcb->iopm_base == 0x66000 && vmcb->msrpm_base == 0x55000);
	PROMISE((vmcb->intercept_exceptions & ~2u) == 1u << 18);
	PROMISE((vmcb->intercept_misc1 & ~(1u << 20)) == 0x9c4c000e && vmcb->intercept_misc2 == 0x207f);
	PROMISE(!cpu->vcpu->vendor.nmi_pending || cpu->vcpu->vendor.nmi_blocked);
	/* An event that came through the window is acted upon. */
	PROMISE(!init_held && !cpu->vcpu->startup.init && !cpu->nmi_seen);
	/* An answer that changes the meaning of a translation flushes it. */
	PROMISE((vmcb->efer == before->efer && vmcb->cr0 == before->cr0 && vmcb->nested_cr3 == before->nested_cr3) ||
		vmcb->tlb_control == 1);
}

void vendor_exit(struct cpu *cpu)
{
	const struct vmcb before = *cpu->vcpu->vendor.vmcb;
	const unsigned resets = world.resets;

	flushed = cleared = false;
	svm_exit(cpu->vcpu);
	check(cpu, &before);
	PROMISE(flushed == ((world.features & FEATURE_FLUSH_PREDICTORS) != 0));
	PROMISE(cleared == ((world.features & FEATURE_CLEAR_BUFFERS) != 0));
	const bool is_reset = world.resets != resets;
	const uint32_t event = (uint32_t)cpu->vcpu->vendor.vmcb->event_injection;

	check_event(event, is_reset ? 0 : (uint32_t)before.exit_interrupt_info, true);
	/* Hypercalls are the kernel's: #UD for others. */
	PROMISE(before.exit_code != 0x81 || before.cpl == 0 || is_reset || event == 0x80000306);
}
