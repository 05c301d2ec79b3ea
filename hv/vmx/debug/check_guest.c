/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest state but segments: control registers, RFLAGS, RIP, what is pending (SDM 3C 26.3.1.1, 26.3.1.4 to 26.3.1.6). */
#include "debug/check.h"
#include "vcpu/event.h"
#include "instructions.h"
#include "x86/msr.h"
#include "x86/instructions.h"

#define CR4_PCIDE          (1ull << 17)
#define EFER_DEFINED       (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)
#define DEBUGCTL_BTF       (1ull << 1)
#define DEBUGCTL_DEFINED   0xffc7ull
#define RFLAGS_VM          (1ull << 17)
#define RFLAGS_RESERVED    (~0x3fffffull | 1ull << 15 | 1ull << 5 | 1ull << 3)
#define PENDING_RESERVED   (~0x15fffull | 0xff0ull)
#define ACTIVITY_LAST      3u
#define ACTIVITY_HLT       1u
#define PDPTE_PRESENT      1ull
#define PDPTE_RESERVED_LOW 0x1e6ull

static bool long_mode(void)
{
	return (vmread(ENTRY_CONTROLS) & ENTRY_IA32E) != 0;
}

static void check_control_registers(struct check *check)
{
	const uint64_t cr0 = vmread(GUEST_CR0), cr3 = vmread(GUEST_CR3), cr4 = vmread(GUEST_CR4);
	const uint64_t fixed0 = rdmsr(IA32_VMX_CR0_FIXED0) & ~(CR0_PE | CR0_PG); /* the guest is unrestricted */
	const uint64_t fixed4 = rdmsr(IA32_VMX_CR4_FIXED0);

	require(check, (cr0 & fixed0) == fixed0 && (cr0 & ~rdmsr(IA32_VMX_CR0_FIXED1)) == 0, "guest CR0", cr0,
		"with the fixed bits of VMX operation");
	require(check, (cr0 & CR0_PG) == 0 || (cr0 & CR0_PE) != 0, "guest CR0.PG", cr0, "with PE");
	require(check, (cr4 & fixed4) == fixed4 && (cr4 & ~rdmsr(IA32_VMX_CR4_FIXED1)) == 0, "guest CR4", cr4,
		"with the fixed bits of VMX operation");
	require(check, cr3 >> check->phys_bits == 0, "guest CR3", cr3, "inside the physical address width");
	require(check, !long_mode() || ((cr0 & CR0_PG) != 0 && (cr4 & CR4_PAE) != 0), "guest CR0 in IA-32e mode", cr0,
		"with PG, and CR4 with PAE");
	require(check, long_mode() || (cr4 & CR4_PCIDE) == 0, "guest CR4.PCIDE", cr4, "0 outside IA-32e mode");
}

static void check_msrs(struct check *check)
{
	const uint64_t efer = vmread(GUEST_EFER), debugctl = vmread(GUEST_DEBUGCTL);
	const bool paging = (vmread(GUEST_CR0) & CR0_PG) != 0, lma = (efer & EFER_LMA) != 0;

	require(check, vmread(GUEST_DR7) >> 32 == 0, "guest DR7", vmread(GUEST_DR7), "32 bits");
	require(check, (debugctl & ~DEBUGCTL_DEFINED) == 0, "guest IA32_DEBUGCTL", debugctl, "without reserved bits");
	require(check, canonical(vmread(GUEST_SYSENTER_ESP)), "guest SYSENTER_ESP", vmread(GUEST_SYSENTER_ESP),
		"canonical");
	require(check, canonical(vmread(GUEST_SYSENTER_EIP)), "guest SYSENTER_EIP", vmread(GUEST_SYSENTER_EIP),
		"canonical");
	require(check, pat_types_valid(vmread(GUEST_PAT)), "guest PAT", vmread(GUEST_PAT), "memory types");
	require(check, (efer & ~EFER_DEFINED) == 0, "guest EFER", efer, "without reserved bits");
	require(check, lma == long_mode(), "guest EFER.LMA", efer, "as the entry control IA-32e mode guest says");
	require(check, !paging || lma == ((efer & EFER_LME) != 0), "guest EFER.LME", efer, "like LMA under paging");
}

/* The four PDPTEs of PAE paging, loaded from the VMCS under EPT (26.3.1.6). */
static void check_pdptes(struct check *check)
{
	const bool pae = (vmread(GUEST_CR0) & CR0_PG) != 0 && (vmread(GUEST_CR4) & CR4_PAE) != 0 && !long_mode();

	for (unsigned i = 0; pae && i < 4; i++) {
		const uint64_t pdpte = vmread(GUEST_PDPTE0 + 2 * i);
		const bool reserved = (pdpte & PDPTE_RESERVED_LOW) != 0 || pdpte >> check->phys_bits != 0;

		require(check, (pdpte & PDPTE_PRESENT) == 0 || !reserved, "guest PDPTE", pdpte,
			"without reserved bits");
	}
}

static void check_rip_rflags(struct check *check)
{
	const uint64_t rip = vmread(GUEST_RIP), rflags = vmread(GUEST_RFLAGS), event = vmread(ENTRY_INTERRUPTION_INFO);
	const bool code64 = long_mode() && (vmread(GUEST_CS_RIGHTS) & RIGHTS_L) != 0;
	const bool external = (event & (EVENT_VALID | EVENT_TYPE_MASK)) == EVENT_VALID;
	const bool may_be_virtual_8086 = !long_mode() && (vmread(GUEST_CR0) & CR0_PE) != 0;

	require(check, code64 || rip >> 32 == 0, "guest RIP", rip, "32 bits outside 64-bit code");
	require(check, rip >> 48 == 0 || rip >> 48 == 0xffff, "guest RIP", rip, "with bits 63 to 48 alike");
	require(check, (rflags & RFLAGS_RESERVED) == 0 && (rflags & RFLAGS_FIXED) != 0, "guest RFLAGS", rflags,
		"without reserved bits, bit 1 set");
	require(check, may_be_virtual_8086 || (rflags & RFLAGS_VM) == 0, "guest RFLAGS.VM", rflags,
		"0 in IA-32e and real mode");
	require(check, !external || (rflags & RFLAGS_IF) != 0, "guest RFLAGS.IF", rflags,
		"1 when an external interrupt is injected");
}

void check_guest_registers(struct check *check)
{
	check_control_registers(check);
	check_msrs(check);
	check_pdptes(check);
	check_rip_rflags(check);
}

static void check_interruptibility(struct check *check, uint64_t blocking, uint64_t rflags)
{
	const uint64_t event = vmread(ENTRY_INTERRUPTION_INFO), shadow = BLOCKING_STI | BLOCKING_MOV_SS;
	const bool external = (event & (EVENT_VALID | EVENT_TYPE_MASK)) == EVENT_VALID;
	const bool nmi = (event & (EVENT_VALID | EVENT_TYPE_MASK)) == (EVENT_VALID | EVENT_TYPE_NMI);

	require(check, (blocking & ~(uint64_t)BLOCKING_DEFINED) == 0, "guest interruptibility", blocking,
		"without reserved bits");
	require(check, (blocking & shadow) != shadow, "guest interruptibility", blocking, "not STI and MOV SS at once");
	require(check, (blocking & BLOCKING_STI) == 0 || (rflags & RFLAGS_IF) != 0, "guest blocking by STI", blocking,
		"with RFLAGS.IF");
	require(check, !external || (blocking & shadow) == 0, "guest interruptibility", blocking,
		"without STI and MOV SS when an external interrupt is injected");
	require(check, !nmi || (blocking & (shadow | BLOCKING_NMI)) == 0, "guest interruptibility", blocking,
		"without STI (some CPUs), MOV SS and NMI when an NMI is injected");
	require(check, (blocking & BLOCKING_SMI) == 0, "guest blocking by SMI", blocking, "0 outside SMM");
}

static bool ends_halt(uint64_t event)
{
	const uint64_t type = event & EVENT_TYPE_MASK, vector = event & EVENT_VECTOR_MASK;

	return type == 0 || type == EVENT_TYPE_NMI ||
	       (type == EVENT_TYPE_EXCEPTION && (vector == VECTOR_DB || vector == VECTOR_MC));
}

void check_guest_activity(struct check *check)
{
	const uint64_t activity = vmread(GUEST_ACTIVITY_STATE), blocking = vmread(GUEST_INTERRUPTIBILITY);
	const uint64_t pending = vmread(GUEST_PENDING_DEBUG), rflags = vmread(GUEST_RFLAGS);
	const uint64_t event = vmread(ENTRY_INTERRUPTION_INFO);
	const bool shadow = (blocking & (BLOCKING_STI | BLOCKING_MOV_SS)) != 0;
	const bool steps = (rflags & RFLAGS_TF) != 0 && (vmread(GUEST_DEBUGCTL) & DEBUGCTL_BTF) == 0;

	require(check, activity <= ACTIVITY_LAST, "guest activity state", activity, "0 to 3");
	require(check, activity != ACTIVITY_HLT || (vmread(GUEST_SS_RIGHTS) & RIGHTS_DPL) == 0, "guest activity state",
		activity, "not HLT at SS.DPL above 0");
	require(check, activity == ACTIVITY_ACTIVE || !shadow, "guest activity state", activity,
		"active under a shadow of STI or MOV SS");
	require(check, activity != ACTIVITY_HLT || (event & EVENT_VALID) == 0 || ends_halt(event),
		"injected event in HLT", event, "an external interrupt, an NMI, #DB or #MC");
	check_interruptibility(check, blocking, rflags);
	require(check, (pending & PENDING_RESERVED) == 0, "guest pending debug exceptions", pending,
		"without reserved bits");
	require(check, (!shadow && activity != ACTIVITY_HLT) || steps == ((pending & PENDING_DEBUG_BS) != 0),
		"guest pending debug exceptions", pending,
		"with BS exactly if RFLAGS.TF steps, under a shadow or in HLT");
}
