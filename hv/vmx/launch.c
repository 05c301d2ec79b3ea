/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Switching VT-x on, and turning the running firmware into the root guest. */
#include "entry_check.h"
#include "guest.h"
#include "lib/failure.h"
#include "machine/cpu.h"
#include "machine/features.h"
#include "vcpu/domain.h"
#include "vcpu/launch.h"
#include "vcpu/vcpu.h"
#include "vendor_machine.h"
#include "vmx.h"
#include "x86/cpuid.h"
#include "x86/msr.h"
#include "x86/segments.h"

/* TXT's public registers (TXT software development guide, appendix B.1): all ones without TXT */
#define TXT_STS             0xfed30000ull
#define TXT_STS_SENTER_DONE (1u << 0)

/* Does a measured environment run? It may have left CR4.SMXE clear, but its own hardware guards memory and TPM. */
static bool txt_launched(void)
{
	if ((cpuid(1, 0).ecx & LEAF1_ECX_SMX) == 0)
		return false;
	const uint32_t status = mmio_read32(TXT_STS);

	return status != UINT32_MAX && (status & TXT_STS_SENTER_DONE) != 0;
}

/*
 * Do some address bits name a key (multi-key total memory encryption)? Then each page has as many addresses as there
 * are keys.
 */
static bool key_ids(void)
{
	return (cpu_leaf(7, 0).ecx & LEAF7_ECX_TME) != 0 && (rdmsr(IA32_TME_ACTIVATE) & TME_KEYID_BITS) != 0;
}

enum hv_error vcpu_check(const struct machine *m)
{
	struct controls controls;
	enum hv_error error;

	if (!cpu_vendor_is("GenuineIntel"))
		return HV_E_VENDOR;
	if ((cpuid(1, 0).ecx & LEAF1_ECX_VMX) == 0)
		return HV_E_NO_VMX;
	if ((rdmsr(IA32_FEATURE_CONTROL) & (FEATURE_CONTROL_LOCK | FEATURE_CONTROL_VMX)) == FEATURE_CONTROL_LOCK)
		return HV_E_VMX_LOCKED;
	if ((read_cr4() & CR4_SMXE) != 0)
		return HV_E_SMX;
	if (txt_launched())
		return HV_E_TXT;
	if ((read_cr4() & CR4_VMXE) != 0)
		return HV_E_ALREADY;
	if (key_ids())
		return HV_E_MEMORY_ALIASES;
	if ((error = controls_negotiate(&controls)) != HV_OK || (error = cpu_features_check()) != HV_OK)
		return error;
	if (m->prepared && (__builtin_memcmp(&controls, &m->vendor->controls, sizeof(controls)) != 0 ||
			    speculation_itlb_multihit() != m->vendor->speculation.itlb_multihit))
		return HV_E_CPU_DIFFERS;
	return HV_OK;
}

void vcpu_carve(struct vcpu *vcpu, paddr_t pages)
{
	vcpu->vendor.vmxon = pages;
	vcpu->vendor.vmcs = paddr(pages.value + PAGE_BYTES);
}

#define IO_MAP_PAGES 2u

void vcpu_build_maps(struct domain *domain, paddr_t pages)
{
	domain->io_map = pages;
	domain->msr_map = paddr(pages.value + IO_MAP_PAGES * PAGE_BYTES);
	__builtin_memset(region_pointer(domain->msr_map), 0xff, PAGE_BYTES);
}

/* One bit a register: reads of the low and the high 8,192 registers, then writes; 1 KiB each (SDM 3C 24.6.9). */
void vcpu_allow_msr(const struct domain *domain, uint32_t msr, bool write)
{
	const bool high = msr >= 0xc0000000;
	const uint32_t index = high ? msr - 0xc0000000 : msr;
	const uint32_t first = (write ? 2048u : 0u) + (high ? 1024u : 0u);
	uint8_t *const map = region_pointer(domain->msr_map);

	if (index < 0x2000)
		map[first + index / 8] &= (uint8_t)~(1u << index % 8);
}

/* Memory that the firmware left out of its MTRRs works, but so slowly that the machine seems to hang. */
static struct hv_failure write_back(const struct machine *m, const struct boot_range *range)
{
	const uint64_t end = range->base + range->bytes;
	const uint64_t good = mtrr_write_back_end(&m->vendor->mtrr, paddr(range->base), end);

	return good == end ? fails(HV_OK) : fails_at(HV_E_MTRR_RAM, good);
}

static struct hv_failure check_memory_types(const struct machine *m)
{
	struct hv_failure failure = write_back(m, &m->boot.region);

	if (failure.error == HV_OK)
		failure = write_back(m, &m->boot.pool);
	for (uint32_t i = 0; failure.error == HV_OK && i < m->boot.ram_count; i++)
		failure = write_back(m, &m->boot.ram[i]);
	return failure;
}

static struct vendor_machine shared;

struct hv_failure vcpu_prepare(struct machine *m)
{
	enum hv_error error;

	m->vendor = &shared;
	if ((error = controls_negotiate(&m->vendor->controls)) != HV_OK ||
	    (error = mtrr_read(&m->vendor->mtrr, m->phys_bits)) != HV_OK)
		return fails(error);
	const struct hv_failure failure = check_memory_types(m);

	if (failure.error != HV_OK)
		return failure;
	if (speculation_itlb_multihit() && m->boot.ram_leaf_bytes != BOOT_LEAF_4KIB)
		return fails(HV_E_SMALL_PAGES);
	speculation_choose(m);
	return failure;
}

uint64_t vmx_guest_cr0(uint64_t cr0)
{
	return cr0 | (rdmsr(IA32_VMX_CR0_FIXED0) & ~(CR0_PE | CR0_PG));
}

/* VMXON with the CPU's own region. CR0.NE may be clear in firmware; VMX operation wants it set. */
static enum hv_error enter_vmx_operation(const struct vendor_vcpu *vendor, uint32_t revision)
{
	const uint64_t cr0 = read_cr0(), cr4 = read_cr4(), feature_control = rdmsr(IA32_FEATURE_CONTROL);

	if ((feature_control & FEATURE_CONTROL_LOCK) == 0)
		wrmsr(IA32_FEATURE_CONTROL, feature_control | FEATURE_CONTROL_LOCK | FEATURE_CONTROL_VMX);
	*(uint32_t *)region_pointer(vendor->vmxon) = revision;
	*(uint32_t *)region_pointer(vendor->vmcs) = revision;
	write_cr0(vmx_guest_cr0(cr0));
	write_cr4(cr4 | CR4_VMXE);
	if (!vmxon(vendor->vmxon)) {
		write_cr4(cr4);
		write_cr0(cr0);
		return HV_E_VMXON;
	}
	vmclear(vendor->vmcs);
	return HV_OK;
}

/*
 * The fields that are the same on each CPU, and registers of a guest that starts without any. A field that is not
 * written holds whatever the CPU takes a zeroed page for (SDM 3C 24.11.3).
 */
static const struct {
	uint32_t field;
	uint64_t value;
} constants[] = {
	{EXCEPTION_BITMAP, 1u << VECTOR_MC},
	{VMCS_LINK_POINTER, ~0ull},
	{GUEST_ACTIVITY_STATE, ACTIVITY_ACTIVE},
	{HOST_PAT, PAT_RESET},
	{HOST_CS_SELECTOR, HOST_CS},
	{HOST_SS_SELECTOR, HOST_DS},
	{HOST_DS_SELECTOR, HOST_DS},
	{HOST_ES_SELECTOR, HOST_DS},
	{HOST_TR_SELECTOR, HOST_TR},
};
/* clang-format off */
static const uint32_t zeros[] = {
	PAGE_FAULT_MASK, PAGE_FAULT_MATCH, CR3_TARGET_COUNT, TSC_OFFSET, EXIT_MSR_STORE_COUNT,
	EXIT_MSR_LOAD_COUNT, ENTRY_MSR_LOAD_COUNT, ENTRY_INTERRUPTION_INFO, ENTRY_EXCEPTION_ERROR_CODE,
	ENTRY_INSTRUCTION_LENGTH, GUEST_INTERRUPTIBILITY, GUEST_PENDING_DEBUG, GUEST_CR3, GUEST_RSP,
	GUEST_DEBUGCTL, GUEST_SYSENTER_CS, GUEST_SYSENTER_ESP, GUEST_SYSENTER_EIP, HOST_FS_SELECTOR,
	HOST_GS_SELECTOR, HOST_FS_BASE, HOST_GS_BASE, HOST_SYSENTER_CS, HOST_SYSENTER_ESP, HOST_SYSENTER_EIP,
};
/* clang-format on */

void vmx_write_controls(const struct vcpu *vcpu)
{
	const struct controls *const controls = &vcpu->cpu->machine->vendor->controls;
	const struct domain *const domain = vcpu->domain;

	for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++)
		vmwrite(constants[i].field, constants[i].value);
	for (size_t i = 0; i < sizeof(zeros) / sizeof(zeros[0]); i++)
		vmwrite(zeros[i], 0);
	vmwrite(VIRTUAL_PROCESSOR_ID, vcpu->tag);
	vmwrite(PIN_BASED_CONTROLS, controls->word[WORD_PIN]);
	vmwrite(PRIMARY_CONTROLS, controls->word[WORD_PRIMARY]);
	vmwrite(SECONDARY_CONTROLS, controls->word[WORD_SECONDARY]);
	vmwrite(EXIT_CONTROLS, controls->word[WORD_EXIT]);
	vmwrite(ENTRY_CONTROLS, controls->word[WORD_ENTRY]);
	vmwrite(IO_BITMAP_A, domain->io_map.value);
	vmwrite(IO_BITMAP_B, domain->io_map.value + PAGE_BYTES);
	vmwrite(MSR_BITMAP, domain->msr_map.value);
	vmx_set_stage2(domain->stage2.root);
	if ((controls->word[WORD_SECONDARY] & SECONDARY_XSAVES) != 0)
		vmwrite(XSS_EXITING_BITMAP, 0);
	/* What VMX operation fixes is the hypervisor's; the guest sees what it wrote. */
	vmwrite(CR0_MASK,
		vmx_guest_cr0(0) | CR0_CD | CR0_NW); /* no exit restores CD: the hypervisor would run uncached */
	/* PKE where this CPU has it: otherwise it is reserved, and the CPU refuses it itself. */
	vmwrite(CR4_MASK, rdmsr(IA32_VMX_CR4_FIXED0) | CR4_SMXE | CR4_MCE | CR4_OSXSAVE |
				  ((cpu_leaf(7, 0).ecx & LEAF7_ECX_PKU) != 0 ? CR4_PKE : 0));
}

void vmx_write_segment(enum vmcs_segment which, const struct segment *segment)
{
	vmwrite(SEGMENT_FIELD(GUEST_ES_SELECTOR, which), segment->selector);
	vmwrite(SEGMENT_FIELD(GUEST_ES_RIGHTS, which), segment->rights);
	vmwrite(SEGMENT_FIELD(GUEST_ES_LIMIT, which), segment->limit);
	vmwrite(SEGMENT_FIELD(GUEST_ES_BASE, which), segment->base);
}

static void capture_segment(enum vmcs_segment which, uint16_t selector, uint64_t base)
{
	const uint32_t rights = segment_rights(selector) >> 8 & ~RIGHTS_RESERVED;

	vmx_write_segment(which, &(struct segment){
					 .selector = selector,
					 .rights = rights != 0 ? rights : RIGHTS_UNUSABLE,
					 .limit = segment_limit(selector),
					 .base = base,
				 });
}

/* Base of the system descriptor for @selector: 16 bytes in 64-bit mode (SDM 3A figure 8-4). */
static uint64_t system_base(const struct descriptor_table *gdtr, uint16_t selector)
{
	const uint64_t *const descriptor = (const uint64_t *)(uintptr_t)(gdtr->base + (selector & ~7u));

	return (descriptor[0] >> 16 & 0xffffff) | (descriptor[0] >> 56) << 24 | descriptor[1] << 32;
}

/* TR and LDTR. Firmware often has no TSS, but VM entry wants a busy one (26.3.1.2). */
static void capture_system_segments(const struct descriptor_table *gdtr)
{
	const uint16_t tr = read_tr(), ldtr = read_ldtr();

	if (tr == 0)
		vmx_write_segment(SEGMENT_TR, &(struct segment){.rights = RIGHTS_BUSY_TSS, .limit = 0x67});
	else
		capture_segment(SEGMENT_TR, tr, system_base(gdtr, tr));
	capture_segment(SEGMENT_LDTR, ldtr, ldtr == 0 ? 0 : system_base(gdtr, ldtr));
}

static void capture_segments(void)
{
	const struct descriptor_table gdtr = read_gdtr(), idtr = read_idtr();

	vmwrite(GUEST_GDTR_BASE, gdtr.base);
	vmwrite(GUEST_GDTR_LIMIT, gdtr.limit);
	vmwrite(GUEST_IDTR_BASE, idtr.base);
	vmwrite(GUEST_IDTR_LIMIT, idtr.limit);
	capture_segment(SEGMENT_CS, SEGMENT_SELECTOR(cs), 0);
	capture_segment(SEGMENT_SS, SEGMENT_SELECTOR(ss), 0);
	capture_segment(SEGMENT_DS, SEGMENT_SELECTOR(ds), 0);
	capture_segment(SEGMENT_ES, SEGMENT_SELECTOR(es), 0);
	capture_segment(SEGMENT_FS, SEGMENT_SELECTOR(fs), rdmsr(IA32_FS_BASE));
	capture_segment(SEGMENT_GS, SEGMENT_SELECTOR(gs), rdmsr(IA32_GS_BASE));
	capture_system_segments(&gdtr);
}

static void capture_registers(const struct launch_frame *frame)
{
	vmwrite(GUEST_CR3, read_cr3());
	vmwrite(GUEST_DR7, read_dr7());
	vmwrite(GUEST_RFLAGS, frame->rflags);
	vmwrite(GUEST_RIP, frame->rip);
	vmwrite(GUEST_RSP, frame->rsp);
	vmwrite(GUEST_DEBUGCTL, rdmsr(IA32_DEBUGCTL));
	vmwrite(GUEST_PAT, rdmsr(IA32_PAT));
	vmwrite(GUEST_SYSENTER_CS, rdmsr(IA32_SYSENTER_CS));
	vmwrite(GUEST_SYSENTER_ESP, rdmsr(IA32_SYSENTER_ESP));
	vmwrite(GUEST_SYSENTER_EIP, rdmsr(IA32_SYSENTER_EIP));
}

enum hv_error vcpu_capture(struct vcpu *vcpu, const struct launch_frame *frame)
{
	const uint64_t cr0 = read_cr0(), cr4 = read_cr4(), efer = rdmsr(IA32_EFER);
	const enum hv_error error = enter_vmx_operation(&vcpu->vendor, vcpu->cpu->machine->vendor->controls.revision);

	if (error != HV_OK)
		return error;
	wrmsr(IA32_EFER, efer | EFER_NXE);
	vmptrld(vcpu->vendor.vmcs);
	vmx_write_controls(vcpu);
	/* Translations that an earlier user of VMX may have left (SDM 3C 28.4.3.3). */
	invept(INVALIDATE_ALL, 0);
	invvpid(INVALIDATE_ALL, 0);
	vmwrite(GUEST_CR0, vmx_guest_cr0(cr0 & ~(CR0_CD | CR0_NW)));
	vmwrite(CR0_SHADOW, cr0);
	vmwrite(GUEST_CR4, cr4 | CR4_VMXE | CR4_MCE);
	vmwrite(CR4_SHADOW, cr4);
	vcpu->vendor.cr4 = cr4 & CR4_SHOWN;
	vmwrite(GUEST_EFER, efer);
	capture_segments();
	capture_registers(frame);
	return HV_OK;
}

extern const char vmx_exit_entry[]; /* entry.S */

void vmx_write_host_state(const struct vcpu *vcpu)
{
	vmwrite(HOST_CR0, read_cr0());
	vmwrite(HOST_CR3, read_cr3());
	vmwrite(HOST_CR4, read_cr4());
	vmwrite(HOST_EFER, rdmsr(IA32_EFER));
	vmwrite(HOST_TR_BASE, (uintptr_t)&vcpu->cpu->tss);
	vmwrite(HOST_GDTR_BASE, (uintptr_t)vcpu->cpu->gdt);
	vmwrite(HOST_IDTR_BASE, read_idtr().base);
	vmwrite(HOST_RSP, (uintptr_t)&vcpu->frame->guest_control); /* after the general registers */
	vmwrite(HOST_RIP, (uintptr_t)vmx_exit_entry);
}

void vcpu_run(struct vcpu *vcpu)
{
	vmx_write_host_state(vcpu);
	entry_check(vcpu);
	vmx_enter(vcpu->frame);
}
