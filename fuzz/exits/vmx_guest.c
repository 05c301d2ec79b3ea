/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest on VT-x: any state that it can have at an exit, and the exit as the CPU records it (SDM 3C 27.2, 27.3). */
#include "hv/vcpu/vcpu.h"
#include "vmx_cpu.h"

enum mode { LONG, COMPATIBILITY, PAE, UNPAGED, VIRTUAL_8086, REAL };

/* A mode's state: control registers, and access rights at its highest privilege. */
static const struct {
	uint64_t cr0, cr4;
	uint32_t code, data;
} modes[] = {
	[LONG] = {0x80010031, 0x2020, 0xa09b, 0xc093}, [COMPATIBILITY] = {0x80010031, 0x2020, 0xc09b, 0xc093},
	[PAE] = {0x80010031, 0x2020, 0xc09b, 0xc093},  [UNPAGED] = {0x31, 0x2000, 0xc09b, 0xc093},
	[VIRTUAL_8086] = {0x31, 0x2000, 0xf3, 0xf3},   [REAL] = {0x30, 0x2000, 0x9b, 0x93},
};

/* Bits of choice. */
#define CHOICE_USER    0x0001u
#define CHOICE_IF      0x0002u
#define CHOICE_TF      0x0004u
#define CHOICE_SHADOW  0x0008u
#define CHOICE_STI     0x0010u
#define CHOICE_NMI     0x0020u
#define CHOICE_HLT     0x0040u
#define CHOICE_STEPPED 0x0080u
#define CHOICE_PCIDE   0x0100u
#define CHOICE_CACHE   0x0200u
#define CHOICE_INIT    0x0400u
#define CHOICE_BRIDGE  0x0800u
/* Bit 12 of the IDT-vectoring information (SDM 3C 24.9.3). */
#define CHOICE_UNDEFINED 0x1000u

#define BLOCKED_BY_STI    1u
#define BLOCKED_BY_MOV_SS 2u
#define BLOCKED_NMI       8u
#define SINGLE_STEP       0x4000u

/* Writes of EFER exit: LME is as at the entry. */
static enum mode take_mode(struct input *input)
{
	static const enum mode with_lme[] = {LONG, COMPATIBILITY, LONG, UNPAGED, LONG, REAL};
	static const enum mode without[] = {PAE, UNPAGED, VIRTUAL_8086, REAL};
	const uint8_t choice = (uint8_t)take(input, 1);

	return (*field(GUEST_EFER) & 0x100) != 0 ? with_lme[choice % COUNT_OF(with_lme)]
						 : without[choice % COUNT_OF(without)];
}

/* All but LDTR and TR, which stay as they were. */
static void set_segments(enum mode mode, bool user)
{
	const bool shifted = mode == VIRTUAL_8086 || mode == REAL;

	for (unsigned which = SEGMENT_ES; which <= SEGMENT_GS; which++) {
		const uint32_t rights = which == SEGMENT_CS ? modes[mode].code : modes[mode].data;
		const uint16_t selector = (uint16_t)(8 * which + (user ? 3u : 0u));

		*field(SEGMENT_FIELD(GUEST_ES_SELECTOR, which)) = selector;
		*field(SEGMENT_FIELD(GUEST_ES_RIGHTS, which)) = rights | (user ? 0x60u : 0);
		*field(SEGMENT_FIELD(GUEST_ES_LIMIT, which)) = (rights & 0x8000) != 0 ? 0xffffffff : 0xffff;
		*field(SEGMENT_FIELD(GUEST_ES_BASE, which)) = shifted ? (uint64_t)selector << 4 : 0;
	}
}

/* Long mode follows from EFER.LME and paging; the exit notes it in the entry controls (27.2). */
static void set_control_registers(enum mode mode, uint16_t choice)
{
	const bool is_long = mode == LONG || mode == COMPATIBILITY;

	*field(GUEST_CR0) = modes[mode].cr0;
	*field(CR0_SHADOW) = (*field(CR0_SHADOW) & ~0x60000000ull) | ((choice & CHOICE_CACHE) != 0 ? 0x60000000u : 0);
	*field(GUEST_CR4) = modes[mode].cr4 | CR4_MCE | (*field(GUEST_CR4) & CR4_OWNED) |
			    (is_long && (choice & CHOICE_PCIDE) != 0 ? 0x20000u : 0);
	*field(GUEST_EFER) = (*field(GUEST_EFER) & ~0x400ull) | (is_long ? 0x400u : 0);
	*field(ENTRY_CONTROLS) = (*field(ENTRY_CONTROLS) & ~0x200ull) | (is_long ? 0x200u : 0);
}

static uint64_t take_rip(struct input *input, enum mode mode)
{
	const uint64_t rip = take_register(input);

	if (mode == LONG)
		return (uint64_t)((int64_t)(rip << 16) >> 16);
	return mode == REAL || mode == VIRTUAL_8086 ? (uint16_t)rip : (uint32_t)rip;
}

/* Between two instructions, or in HLT. */
static bool is_asynchronous(uint32_t reason)
{
	return reason == 0 || reason == 3 || reason == 8 || reason == 37;
}

/* Within one instruction, if the trap flag was set: its end leaves HLT only if it began there. */
static bool may_be_halted(uint32_t reason)
{
	const bool trapped = (*field(PRIMARY_CONTROLS) & 1u << 27) != 0;

	return is_asynchronous(reason) && (reason == 37 || !trapped || *field(GUEST_ACTIVITY_STATE) == 1);
}

static uint32_t choose_shadow(uint16_t choice)
{
	if ((choice & CHOICE_SHADOW) == 0)
		return 0;
	if ((choice & CHOICE_STI) == 0)
		return BLOCKED_BY_MOV_SS;
	return (choice & CHOICE_IF) != 0 ? BLOCKED_BY_STI : 0;
}

/* Blocked events, and how the CPU waits; single steps are pending as an entry wants them (26.3.1.5). */
static void set_activity(uint32_t reason, uint16_t choice, bool user)
{
	const bool step = (choice & CHOICE_TF) != 0;
	uint32_t shadow = choose_shadow(choice), nmi = (uint32_t)*field(GUEST_INTERRUPTIBILITY) & BLOCKED_NMI;

	if (*field(ENTRY_INTERRUPTION_INFO) == 0x80000202)
		nmi = BLOCKED_NMI;
	if ((choice & CHOICE_NMI) != 0) /* IRET */
		nmi = 0;
	if (reason == 8) { /* the window is open; STI may leave it so (25.2) */
		nmi = 0;
		shadow &= BLOCKED_BY_STI;
	}
	const bool halted = may_be_halted(reason) && !user && shadow == 0 && (choice & CHOICE_HLT) != 0;
	const bool may_be_pending = is_asynchronous(reason) && (choice & CHOICE_STEPPED) != 0;

	*field(GUEST_INTERRUPTIBILITY) = shadow | nmi;
	*field(GUEST_ACTIVITY_STATE) = halted;
	*field(GUEST_PENDING_DEBUG) = step && (shadow != 0 || halted || may_be_pending) ? SINGLE_STEP : 0;
}

static void take_state(struct input *input, uint32_t reason, uint16_t choice)
{
	const enum mode mode = take_mode(input);
	const bool user = mode != REAL && (mode == VIRTUAL_8086 || (choice & CHOICE_USER) != 0);

	set_segments(mode, user);
	set_control_registers(mode, choice);
	*field(GUEST_RIP) = take_rip(input, mode);
	*field(GUEST_RSP) = take_register(input);
	*field(GUEST_RFLAGS) = 2u | ((choice & CHOICE_IF) != 0 ? 0x200u : 0) |
			       ((choice & CHOICE_TF) != 0 ? 0x100u : 0) | (mode == VIRTUAL_8086 ? 0x20000u : 0);
	set_activity(reason, choice, user);
}

/* The event whose delivery met the exit: the injected one, or another that can be under way in this state. */
static uint32_t take_delivering(struct input *input, uint32_t injected)
{
	static const uint32_t events[] = {0,          0,          0,          0x80000030, 0x80000b0e, 0x80000b08,
					  0x80000300, 0x80000b0d, 0x80000301, 0x80000480, 0x80000603, 0x80000501};
	const uint8_t choice = (uint8_t)take(input, 1);
	uint32_t event = choice >= 0x80 ? injected : events[choice % COUNT_OF(events)];
	const uint32_t type = event >> 8 & 7;

	if ((event & 0x80000000) == 0 || (type == 0 && (*field(GUEST_RFLAGS) & 0x200) == 0))
		return 0;
	if (type == 0 || type == 2) {
		*field(GUEST_INTERRUPTIBILITY) = type == 2 ? BLOCKED_NMI : *field(GUEST_INTERRUPTIBILITY) & BLOCKED_NMI;
		*field(GUEST_PENDING_DEBUG) = 0;
	}
	if ((*field(GUEST_CR0) & 1) == 0) /* real mode has no error codes */
		event &= ~0x800u;
	return event;
}

uint64_t *guest_register(struct cpu *cpu, unsigned number)
{
	struct registers *const r = &cpu->vcpu->frame->guest;
	uint64_t *const by_number[] = {&r->rax, &r->rcx, &r->rdx, &r->rbx, field(GUEST_RSP), &r->rbp, &r->rsi, &r->rdi,
				       &r->r8,  &r->r9,  &r->r10, &r->r11, &r->r12,          &r->r13, &r->r14, &r->r15};

	return by_number[number];
}

static uint64_t take_cr_access(struct input *input, struct cpu *cpu)
{
	const uint8_t choice = (uint8_t)take(input, 1);
	const unsigned number = choice & 15, access = choice >= 0xf8 ? 2 : 0;

	*guest_register(cpu, number) = take_register(input);
	if (access != 0)
		world.stops = CRASH_UNKNOWN_EXIT;
	return number << 8 | access << 4 | ((choice & 0x30) == 0x30 ? 4 : 0);
}

static uint64_t io_qualification(struct io_access access)
{
	return (uint64_t)access.port << 16 | (access.string ? 0x10u : 0) | (access.in ? 8u : 0) | (access.bytes - 1u);
}

static uint64_t take_qualification(struct input *input, struct cpu *cpu, uint32_t reason)
{
	switch (reason) {
	case 28:
		return take_cr_access(input, cpu);
	case 30:
		return io_qualification(take_io(input, &cpu->vcpu->frame->guest));
	default:
		return take_register(input);
	}
}

/* An NMI, or a machine check: once in a while, because it ends the sequence. */
static void take_exception_nmi(struct input *input)
{
	struct vmx_cpu *const on = &vmx_cpus[world.running->index];

	if ((uint8_t)take(input, 1) >= 0xf0) {
		*field(EXIT_INTERRUPTION_INFO) = 0x80000312;
		world.stops = CRASH_MACHINE_CHECK;
	} else {
		*field(EXIT_INTERRUPTION_INFO) = 0x80000202;
		on->nmis_blocked = true;
		world.nmi[world.running->index] = false;
	}
}

static enum crash_kind stops(uint32_t reason)
{
	switch (reason) {
	case 2:
		return CRASH_GUEST_SHUTDOWN;
	case 49:
		return CRASH_UNKNOWN_EXIT;
	case 0x80000021:
		return CRASH_ENTRY_REFUSED;
	default:
		return CRASH_NONE;
	}
}

/* The last three end a sequence, so they are rare. Exits that the controls do not ask for do not come. */
static uint32_t take_reason(struct input *input)
{
	static const uint32_t reasons[] = {32, 32, 32, 32, 31, 31, 18, 18, 18, 18, 30, 30, 30,        30,
					   48, 48, 48, 48, 48, 0,  0,  0,  8,  8,  8,  37, 37,        37,
					   37, 10, 10, 55, 55, 28, 28, 28, 13, 3,  3,  4,  11,        19,
					   24, 27, 50, 53, 59, 9,  76, 77, 84, 85, 2,  49, 0x80000021};
	const uint32_t reason = reasons[take(input, 1) % COUNT_OF(reasons)];
	const uint64_t controls = *field(PRIMARY_CONTROLS);

	if ((reason == 8 && (controls & 1u << 22) == 0) || (reason == 37 && (controls & 1u << 27) == 0) ||
	    (reason == 4 && world.nmi[world.running->index]))
		return 10;
	return reason;
}

/* A CPU that has waited for a SIPI since an INIT. */
static void wait_for_sipi(struct cpu *cpu)
{
	vcpu_reset(cpu->vcpu);
	*field(GUEST_ACTIVITY_STATE) = 3;
	cpu->nmi_seen = cpu->vcpu->startup.init = vmx_cpus[cpu->index].owed = false;
}

/* When something arrives while the hypervisor answers; often nothing does. */
static void take_moment(struct input *input, struct vmx_cpu *on, bool init)
{
	const uint8_t choice = (uint8_t)take(input, 1);

	on->moment = choice < 0x90 ? 0 : choice - 0x8fu;
	on->init_arrives = init;
}

uint32_t vendor_take_exit(struct input *input, struct cpu *cpu)
{
	const uint16_t choice = (uint16_t)take(input, 2);
	const uint32_t reason = take_reason(input), injected = (uint32_t)*field(ENTRY_INTERRUPTION_INFO);
	uint32_t delivering = 0;

	world.stops = stops(reason);
	if (reason == 4)
		wait_for_sipi(cpu);
	else
		take_state(input, reason, choice);
	if (reason == 48)
		delivering = take_delivering(input, injected);
	if (reason == 0)
		take_exception_nmi(input);
	if (reason == 18)
		take_hypercall(input, &cpu->vcpu->frame->guest);
	if (reason == 31 || reason == 32)
		take_msr(input, &cpu->vcpu->frame->guest);
	if (reason == 55)
		take_xcr0(input, &cpu->vcpu->frame->guest);
	*field(ENTRY_INTERRUPTION_INFO) &= ~0x80000000ull; /* by the exit (24.8.3) */
	*field(EXIT_REASON) = reason;
	*field(EXIT_QUALIFICATION) = take_qualification(input, cpu, reason);
	*field(EXIT_INSTRUCTION_LENGTH) = 1 + take(input, 1) % 15;
	*field(GUEST_PHYSICAL_ADDRESS) = (choice & CHOICE_BRIDGE) != 0 ? ECAM_BASE + 0x50 : take_register(input);
	*field(IDT_VECTORING_INFO) = delivering | ((choice & CHOICE_UNDEFINED) != 0 ? 0x1000u : 0);
	*field(IDT_VECTORING_ERROR_CODE) = take(input, 2) & 0x7fff;
	world.double_fault = (delivering & 0x80000700) == 0x80000300 && (delivering & 0xff) == 8;
	take_moment(input, &vmx_cpus[cpu->index], (choice & CHOICE_INIT) != 0);
	return reason;
}
