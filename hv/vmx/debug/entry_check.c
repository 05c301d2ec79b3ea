/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debug image: the checks on controls and host state (SDM 3C 26.2), and the order of all. */
#include "entry_check.h"

#include "machine/cpu.h"
#include "debug/check.h"
#include "vcpu/event.h"
#include "vcpu/vcpu.h"
#include "instructions.h"
#include "x86/msr.h"
#include "x86/instructions.h"

#define EFER_DEFINED (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE)

static void check_capability(struct check *check, const char *name, uint64_t value, uint32_t msr)
{
	const uint64_t capability = rdmsr(msr);
	const uint32_t must = (uint32_t)capability, may = (uint32_t)(capability >> 32);

	require(check, (value & must) == must && (value & ~(uint64_t)may) == 0, name, value,
		"within its capability MSR");
}

static void check_page(struct check *check, const char *name, uint64_t address)
{
	require(check, (address & PAGE_MASK) == 0 && address >> check->phys_bits == 0, name, address,
		"a page inside the physical address width");
}

static void check_control_words(struct check *check)
{
	const uint64_t pin = vmread(PIN_BASED_CONTROLS), primary = vmread(PRIMARY_CONTROLS);
	const uint64_t secondary = vmread(SECONDARY_CONTROLS), entry = vmread(ENTRY_CONTROLS);

	check_capability(check, "pin-based controls", pin, IA32_VMX_TRUE_PINBASED);
	check_capability(check, "primary controls", primary, IA32_VMX_TRUE_PROCBASED);
	check_capability(check, "secondary controls", secondary, IA32_VMX_PROC_CTLS2);
	check_capability(check, "exit controls", vmread(EXIT_CONTROLS), IA32_VMX_TRUE_EXIT);
	check_capability(check, "entry controls", entry, IA32_VMX_TRUE_ENTRY);
	require(check, (pin & PIN_VIRTUAL_NMIS) == 0 || (pin & PIN_NMI) != 0, "virtual NMIs in pin-based controls", pin,
		"with NMI exiting");
	require(check, (primary & PRIMARY_NMI_WINDOW) == 0 || (pin & PIN_VIRTUAL_NMIS) != 0,
		"NMI-window exiting in primary controls", primary, "with virtual NMIs");
	require(check, (secondary & SECONDARY_UNRESTRICTED) == 0 || (secondary & SECONDARY_EPT) != 0,
		"unrestricted guest in secondary controls", secondary, "with EPT");
	require(check, (secondary & SECONDARY_VPID) == 0 || vmread(VIRTUAL_PROCESSOR_ID) != 0, "VPID", 0, "not 0");
	require(check, (entry & (ENTRY_SMM | ENTRY_DUAL_SMM)) == 0, "SMM bits of entry controls", entry, "0");
}

static void check_control_addresses(struct check *check)
{
	const uint64_t pointer = vmread(EPT_POINTER), link = vmread(VMCS_LINK_POINTER);

	check_page(check, "I/O bitmap A", vmread(IO_BITMAP_A));
	check_page(check, "I/O bitmap B", vmread(IO_BITMAP_B));
	check_page(check, "MSR bitmap", vmread(MSR_BITMAP));
	require(check, (pointer & PAGE_MASK) == (EPTP_4_LEVELS | EPTP_WRITE_BACK), "EPT pointer", pointer,
		"write-back, 4 levels, other low bits 0");
	check_page(check, "EPT pointer", pointer & ~PAGE_MASK);
	require(check, link == ~0ull, "VMCS link pointer", link, "all ones");
}

/* 26.2.1.3; @event is valid. */
static void check_event(struct check *check, uint64_t event)
{
	const uint64_t type = event & EVENT_TYPE_MASK, vector = event & EVENT_VECTOR_MASK;
	const uint64_t code = vmread(ENTRY_EXCEPTION_ERROR_CODE);
	const bool exception = type == EVENT_TYPE_EXCEPTION, software = type >= EVENT_TYPE_SOFTWARE;
	const bool with_code = (event & EVENT_ERROR_VALID) != 0;

	require(check, type != EVENT_TYPE_RESERVED, "injected event's type", type >> 8, "not 1");
	require(check, (event & EVENT_RESERVED) == 0, "injected event's bits 30 to 12", event, "0");
	require(check, type != EVENT_TYPE_NMI || vector == VECTOR_NMI, "injected NMI's vector", vector, "2");
	require(check, !exception || vector < 32, "injected exception's vector", vector, "0 to 31");
	require(check, !with_code || (exception && (vmread(GUEST_CR0) & CR0_PE) != 0), "injected event", event,
		"an exception in protected mode to have an error code");
	require(check, !with_code || code >> 16 == 0, "injected error code", code, "16 bits");
	require(check, !software || vmread(ENTRY_INSTRUCTION_LENGTH) < 16, "injected instruction length",
		vmread(ENTRY_INSTRUCTION_LENGTH), "0 to 15");
}

static void check_host_selector(struct check *check, const char *name, enum vmcs_field field, bool may_be_null)
{
	const uint64_t selector = vmread(field);

	require(check, (selector & 7) == 0, name, selector, "in the GDT, RPL 0");
	require(check, may_be_null || selector != 0, name, selector, "not null");
}

static void check_host_segments(struct check *check)
{
	check_host_selector(check, "host CS selector", HOST_CS_SELECTOR, false);
	check_host_selector(check, "host TR selector", HOST_TR_SELECTOR, false);
	check_host_selector(check, "host SS selector", HOST_SS_SELECTOR, true);
	check_host_selector(check, "host DS selector", HOST_DS_SELECTOR, true);
	check_host_selector(check, "host ES selector", HOST_ES_SELECTOR, true);
	check_host_selector(check, "host FS selector", HOST_FS_SELECTOR, true);
	check_host_selector(check, "host GS selector", HOST_GS_SELECTOR, true);
}

static void check_host_address(struct check *check, const char *name, enum vmcs_field field)
{
	require(check, canonical(vmread(field)), name, vmread(field), "canonical");
}

static void check_host_addresses(struct check *check)
{
	check_host_address(check, "host FS base", HOST_FS_BASE);
	check_host_address(check, "host GS base", HOST_GS_BASE);
	check_host_address(check, "host TR base", HOST_TR_BASE);
	check_host_address(check, "host GDTR base", HOST_GDTR_BASE);
	check_host_address(check, "host IDTR base", HOST_IDTR_BASE);
	check_host_address(check, "host SYSENTER_ESP", HOST_SYSENTER_ESP);
	check_host_address(check, "host SYSENTER_EIP", HOST_SYSENTER_EIP);
	check_host_address(check, "host RIP", HOST_RIP);
}

static bool fixed_bits_hold(uint64_t value, uint32_t fixed0, uint32_t fixed1)
{
	return (value & rdmsr(fixed0)) == rdmsr(fixed0) && (value & ~rdmsr(fixed1)) == 0;
}

static void check_host_registers(struct check *check)
{
	const uint64_t cr0 = vmread(HOST_CR0), cr3 = vmread(HOST_CR3), cr4 = vmread(HOST_CR4);
	const uint64_t efer = vmread(HOST_EFER), pat = vmread(HOST_PAT);

	require(check, fixed_bits_hold(cr0, IA32_VMX_CR0_FIXED0, IA32_VMX_CR0_FIXED1), "host CR0", cr0,
		"with the fixed bits of VMX operation");
	require(check, fixed_bits_hold(cr4, IA32_VMX_CR4_FIXED0, IA32_VMX_CR4_FIXED1), "host CR4", cr4,
		"with the fixed bits of VMX operation");
	require(check, (cr4 & CR4_PAE) != 0, "host CR4.PAE", cr4, "1");
	require(check, cr3 >> check->phys_bits == 0, "host CR3", cr3, "inside the physical address width");
	require(check, pat_types_valid(pat), "host PAT", pat, "memory types");
	require(check, (efer & ~EFER_DEFINED) == 0, "host EFER", efer, "without reserved bits");
	require(check, (efer & EFER_LMA) != 0 && (efer & EFER_LME) != 0, "host EFER", efer, "with LMA and LME");
}

struct entry_fault entry_fault_find(uint32_t phys_bits)
{
	struct check check = {phys_bits, {0, 0, 0}};
	const uint64_t event = vmread(ENTRY_INTERRUPTION_INFO);

	check_control_words(&check);
	check_control_addresses(&check);
	if ((event & EVENT_VALID) != 0)
		check_event(&check, event);
	check_host_registers(&check);
	check_host_segments(&check);
	check_host_addresses(&check);
	check_guest_registers(&check);
	check_segments(&check);
	check_guest_activity(&check);
	return check.fault;
}

/* Every VMREAD and VMWRITE is of the current VMCS: it must be the vCPU's whose exit was answered. */
static struct entry_fault find(const struct vcpu *vcpu)
{
	const uint64_t current = vmptrst().value;

	if (current != vcpu->vendor.vmcs.value)
		return (struct entry_fault){"current VMCS", current, "the vCPU's"};
	return entry_fault_find(vcpu->cpu->machine->phys_bits);
}

void entry_check(struct vcpu *vcpu)
{
	const struct entry_fault fault = find(vcpu);

	if (!fault.field)
		return;
	console_line(vcpu->cpu->machine, "cpu %u: VM entry: %s %lx, must be %s", vcpu->cpu->index, fault.field,
		     fault.value, fault.must_be);
	crash(vcpu->cpu, &(struct crash_record){
				 .kind = CRASH_ENTRY_REFUSED,
				 .detail = fault.value,
				 .rip = vmread(GUEST_RIP),
				 .rsp = vmread(GUEST_RSP),
			 });
}
