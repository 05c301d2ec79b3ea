/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-x under the harness: the state after the launch, and the checks of it after each exit. */
#include <string.h>

#include "entry_check.h"
#include "hv/vcpu/vcpu.h"
#include "vendor_machine.h"
#include "vmx_cpu.h"

static uint64_t at_launch[FIELDS];

/* Pages are anywhere; the guest is 64-bit firmware. */
static const struct {
	uint32_t field;
	uint64_t value;
} launched[] = {
	{VIRTUAL_PROCESSOR_ID, TAG},
	{IO_BITMAP_A, 0x66000},
	{IO_BITMAP_B, 0x67000},
	{MSR_BITMAP, 0x55000},
	{EPT_POINTER, STAGE2 | 0x1e},
	{VMCS_LINK_POINTER, ~0ull},
	{EXCEPTION_BITMAP, 1u << 18},
	{CR0_MASK, 0x60000020},
	{CR4_MASK, CR4_OWNED | CR4_MCE | 0x6000},
	{CR0_SHADOW, 0x80010033},
	{CR4_SHADOW, 0x668},
	{HOST_CR0, 0x80010033},
	{HOST_CR3, 0x5000},
	{HOST_CR4, 0x342060},
	{HOST_EFER, 0xd00},
	{HOST_PAT, 0x0007040600070406},
	{HOST_CS_SELECTOR, 8},
	{HOST_SS_SELECTOR, 16},
	{HOST_DS_SELECTOR, 16},
	{HOST_ES_SELECTOR, 16},
	{HOST_TR_SELECTOR, 24},
	{HOST_RIP, 0x100000},
	{HOST_RSP, 0x200000},
	{GUEST_CR0, 0x80010033},
	{GUEST_CR3, 0x7000},
	{GUEST_CR4, 0x2668},
	{GUEST_EFER, 0xd00},
	{GUEST_DR7, 0x400},
	{GUEST_PAT, 0x0007040600070406},
	{GUEST_GDTR_LIMIT, 0x7f},
	{GUEST_IDTR_LIMIT, 0xfff},
	{SEGMENT_FIELD(GUEST_ES_RIGHTS, SEGMENT_LDTR), 0x10000},
	{SEGMENT_FIELD(GUEST_ES_RIGHTS, SEGMENT_TR), 0x8b},
	{SEGMENT_FIELD(GUEST_ES_LIMIT, SEGMENT_TR), 0x67},
};

static void set_controls(const struct controls *controls)
{
	*field(PIN_BASED_CONTROLS) = controls->word[WORD_PIN];
	*field(PRIMARY_CONTROLS) = controls->word[WORD_PRIMARY];
	*field(SECONDARY_CONTROLS) = controls->word[WORD_SECONDARY];
	*field(EXIT_CONTROLS) = controls->word[WORD_EXIT];
	*field(ENTRY_CONTROLS) = controls->word[WORD_ENTRY];
}

void vendor_set_up(struct cpu *cpu)
{
	struct speculation *const speculation = &cpu->machine->vendor->speculation;

	vmx_cpus[cpu->index] = (struct vmx_cpu){.moment = 0};
	cpu->vcpu->vendor.vmcs = region_paddr(vmx_cpus[cpu->index].vmcs);
	speculation->flush_l1d = (world.features & FEATURE_FLUSH_L1D) != 0;
	speculation->clear_buffers = (world.features & FEATURE_CLEAR_BUFFERS) != 0;
	speculation->needed = speculation->flush_l1d || speculation->clear_buffers;
	PROMISE(controls_negotiate(&cpu->machine->vendor->controls) == HV_OK);
	set_controls(&cpu->machine->vendor->controls);
	for (size_t i = 0; i < COUNT_OF(launched); i++)
		*field(launched[i].field) = launched[i].value;
	memcpy(at_launch, vmx_cpus[cpu->index].vmcs, sizeof(at_launch));
}

static bool is_one_of(uint32_t slot, const uint32_t *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (FIELD_SLOT(list[i]) == slot)
			return true;
	}
	return false;
}

/* Controls and host state are those of the launch, but for those checked below. */
static void check_constant(const uint64_t *vmcs)
{
	static const uint32_t variable[] = {PRIMARY_CONTROLS,
					    ENTRY_CONTROLS,
					    ENTRY_INTERRUPTION_INFO,
					    ENTRY_EXCEPTION_ERROR_CODE,
					    ENTRY_INSTRUCTION_LENGTH,
					    EPT_POINTER,
					    CR0_SHADOW,
					    CR4_SHADOW};

	for (uint32_t slot = 0; slot < FIELDS; slot++) {
		if (SLOT_KIND(slot) == KIND_CONTROL || SLOT_KIND(slot) == KIND_HOST)
			PROMISE(vmcs[slot] == at_launch[slot] || is_one_of(slot, variable, COUNT_OF(variable)));
	}
}

#define NMI_WINDOW (1u << 22)
#define TRAP_FLAG  (1u << 27)

static void check_controls(const struct cpu *cpu)
{
	const uint64_t primary = *field(PRIMARY_CONTROLS), entry = *field(ENTRY_CONTROLS), stage2 = *field(EPT_POINTER);

	PROMISE(((primary ^ at_launch[FIELD_SLOT(PRIMARY_CONTROLS)]) & ~(uint64_t)(NMI_WINDOW | TRAP_FLAG)) == 0);
	PROMISE(((primary & NMI_WINDOW) != 0) == cpu->vcpu->vendor.nmi_pending);
	PROMISE(((entry ^ at_launch[FIELD_SLOT(ENTRY_CONTROLS)]) & ~0x200ull) == 0);
	PROMISE(stage2 == (STAGE2 | 0x1e) || (stage2 == (DETOUR | 0x1e) && (primary & TRAP_FLAG) != 0));
	PROMISE((*field(CR4_SHADOW) & 0x6000) == 0);
	PROMISE((*field(GUEST_CR4) & CR4_MCE) != 0); /* a machine check is an exit */
	PROMISE((*field(GUEST_CR4) & CR4_OWNED) == (*field(CR4_SHADOW) & CR4_OWNED));
	PROMISE((*field(GUEST_CR4) & CR4_OWNED) == (vcpu_cr4(cpu->vcpu) & CR4_OWNED));
	PROMISE(*field(GUEST_ACTIVITY_STATE) <= 1); /* active or HLT: SIPIs are the hypervisor's */
}

/* Without an INIT or SIPI an answer leaves the guest's state alone, but for fields that can be part of one. */
static void check_guest_state(const uint64_t *before)
{
	static const uint32_t part[] = {
		GUEST_RIP, GUEST_INTERRUPTIBILITY, GUEST_PENDING_DEBUG, GUEST_ACTIVITY_STATE, GUEST_EFER, GUEST_PAT,
		GUEST_CR4};
	const uint64_t *const vmcs = vmx_cpus[world.running->index].vmcs;

	for (uint32_t slot = 0; slot < FIELDS; slot++) {
		if (SLOT_KIND(slot) == KIND_GUEST)
			PROMISE(vmcs[slot] == before[slot] || is_one_of(slot, part, COUNT_OF(part)));
	}
	PROMISE(((*field(GUEST_EFER) ^ before[FIELD_SLOT(GUEST_EFER)]) & ~0x901ull) == 0);
	PROMISE(((*field(GUEST_CR4) ^ before[FIELD_SLOT(GUEST_CR4)]) & ~CR4_OWNED) == 0);
	PROMISE(*field(GUEST_CR4) == before[FIELD_SLOT(GUEST_CR4)] || world.running->vcpu->vendor.reason == 28);
	PROMISE(*field(GUEST_ACTIVITY_STATE) == before[FIELD_SLOT(GUEST_ACTIVITY_STATE)] ||
		*field(GUEST_ACTIVITY_STATE) == 0);
}

static bool is_instruction(uint32_t reason)
{
	return reason != 0 && reason != 3 && reason != 4 && reason != 8 && reason != 37 && reason != 48;
}

/* MOV to CR0 or CR4 is executed again, without an exit: the bits that are not the guest's read as it wrote them. */
static void check_mov_to_cr(struct cpu *cpu)
{
	const uint64_t qualification = *field(EXIT_QUALIFICATION);
	const bool is_long = (*field(ENTRY_CONTROLS) & 0x200) != 0 && (*field(GUEST_CS_RIGHTS) & 0x2000) != 0;
	const uint64_t named = *guest_register(cpu, qualification >> 8 & 15);
	const uint64_t value = is_long ? named : (uint32_t)named;

	if ((qualification & 15) == 0)
		PROMISE(*field(CR0_SHADOW) == value);
	else
		PROMISE((*field(CR4_SHADOW) & CR4_OWNED) == (value & CR4_OWNED) && (value & 0x6000) == 0);
}

/* An instruction is over, with its shadow and its single step, or it faults. */
static void check_instruction(struct cpu *cpu, const uint64_t *before)
{
	const uint32_t reason = cpu->vcpu->vendor.reason;
	const uint64_t rip = before[FIELD_SLOT(GUEST_RIP)], next = rip + *field(EXIT_INSTRUCTION_LENGTH);
	const bool is_long = (*field(ENTRY_CONTROLS) & 0x200) != 0 && (*field(GUEST_CS_RIGHTS) & 0x2000) != 0;
	const bool faults = (*field(ENTRY_INTERRUPTION_INFO) & 0x80000000) != 0, steps = *field(GUEST_RFLAGS) & 0x100;

	if (faults || !is_instruction(reason) || reason == 28) {
		PROMISE(*field(GUEST_RIP) == rip);
		if (reason == 28 && !faults)
			check_mov_to_cr(cpu);
		return;
	}
	PROMISE(*field(GUEST_RIP) == (is_long ? next : (uint32_t)next));
	PROMISE((reason == 10 && !steps) || (*field(GUEST_INTERRUPTIBILITY) & 3) == 0);
	PROMISE(!steps || *field(GUEST_PENDING_DEBUG) == 0x4000);
	PROMISE(reason != 18 || (*field(GUEST_SS_RIGHTS) & 0x60) == 0); /* hypercalls are the kernel's */
}

/* The state after INIT (SDM 3A table 10-1) or SIPI that the entry checks do not ask for. */
static void check_reset(const struct cpu *cpu)
{
	const bool started = *field(GUEST_RIP) == 0 && *field(GUEST_CS_RIGHTS) == 0x9b &&
			     *field(SEGMENT_FIELD(GUEST_ES_BASE, SEGMENT_CS)) ==
				     *field(SEGMENT_FIELD(GUEST_ES_SELECTOR, SEGMENT_CS)) << 4;

	PROMISE(started || (cpu->is_bsp && *field(GUEST_RIP) == 0xfff0 &&
			    *field(SEGMENT_FIELD(GUEST_ES_BASE, SEGMENT_CS)) == 0xffff0000));
	PROMISE(*field(GUEST_RFLAGS) == 2 && *field(GUEST_CR3) == 0 && *field(GUEST_EFER) == 0);
	PROMISE((*field(GUEST_CR0) & ~0x60000000ull) == 0x30 && *field(GUEST_CR4) == 0x2040);
	PROMISE(*field(GUEST_INTERRUPTIBILITY) == 0 && *field(GUEST_PENDING_DEBUG) == 0);
	PROMISE((*field(ENTRY_INTERRUPTION_INFO) & 0x80000000) == 0);
}

/* An event that arrived while the hypervisor ran ends the guest's turn at once, and no NMI is lost. */
static void check_arrivals(const struct cpu *cpu, struct vmx_cpu *on)
{
	const bool injected = *field(ENTRY_INTERRUPTION_INFO) == 0x80000202;

	PROMISE(!on->nmis_blocked);
	if (cpu->nmi_seen || cpu->vcpu->startup.init)
		PROMISE((*field(PRIMARY_CONTROLS) & TRAP_FLAG) != 0 && *field(GUEST_ACTIVITY_STATE) == 0);
	PROMISE(!on->owed || injected || cpu->nmi_seen || cpu->vcpu->vendor.nmi_pending);
	if (injected)
		on->owed = cpu->nmi_seen || cpu->vcpu->vendor.nmi_pending;
}

static void check_entry(const struct cpu *cpu)
{
	const struct entry_fault fault = entry_fault_find(cpu->machine->phys_bits);

	if (fault.field == NULL)
		return;
	fprintf(stderr, "VM entry fails: %s %lx, must be %s\n", fault.field, (unsigned long)fault.value, fault.must_be);
	abort();
}

/* An event still to arrive comes right before the entry. Then the CPU checks, and nothing arrives. */
static void enter(struct cpu *cpu, struct vmx_cpu *on)
{
	on->moment = on->moment != 0;
	between_instructions();
	check_arrivals(cpu, on);
	PROMISE(!on->stale);
	PROMISE(on->l1d == ((world.features & FEATURE_FLUSH_L1D) != 0));
	PROMISE(on->buffers == ((world.features & FEATURE_CLEAR_BUFFERS) != 0));
	check_entry(cpu);
}

void vendor_exit(struct cpu *cpu)
{
	struct vmx_cpu *const on = &vmx_cpus[cpu->index];
	const struct vmx_cpu before = *on;
	const unsigned resets = world.resets;

	on->l1d = on->buffers = on->stale = false;
	vmx_exit(cpu->vcpu);
	if (world.resets != resets)
		on->owed = cpu->nmi_seen;
	enter(cpu, on);
	check_constant(on->vmcs);
	check_controls(cpu);
	const bool is_reset = world.resets != resets || cpu->vcpu->vendor.reason == 4;

	check_event((uint32_t)*field(ENTRY_INTERRUPTION_INFO), is_reset ? 0 : (uint32_t)*field(IDT_VECTORING_INFO),
		    (*field(GUEST_CR0) & 1) != 0);
	if (is_reset) {
		check_reset(cpu);
	} else {
		check_guest_state(before.vmcs);
		check_instruction(cpu, before.vmcs);
	}
}
