/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Switching AMD-V on, and turning the running firmware into the root guest. */
#include "instructions.h"
#include "lib/failure.h"
#include "machine/cpu.h"
#include "machine/features.h"
#include "vcpu/domain.h"
#include "vcpu/launch.h"
#include "vcpu/vcpu.h"
#include "svm.h"
#include "vendor_machine.h"
#include "x86/cpuid.h"
#include "x86/msr.h"
#include "x86/segments.h"

#define EXT1_ECX_SVM (1u << 2)
#define SVM_EDX_NP   (1u << 0)

#define SYSCFG_MEM_ENCRYPTION (1ull << 23) /* the C-bit is an address bit */
#define SYSCFG_SNP            (1ull << 24)

#define VM_CR_DPD      (1ull << 0) /* no debug port of the hardware (HDT, JTAG) */
#define VM_CR_R_INIT   (1ull << 1)
#define VM_CR_DIS_A20M (1ull << 2)
#define VM_CR_SVMDIS   (1ull << 4)

/*
 * Address line A20: masked, each address loses its bit 20. The region is whole pages of 2 MiB, so the other word
 * exists.
 */
static bool a20_masked(void)
{
	static uint64_t word;
	const uint64_t at = (uintptr_t)&word, other = at ^ 1ull << 20;

	mmio_write64(at, ~mmio_read64(other));
	return mmio_read64(at) == mmio_read64(other);
}

enum hv_error vcpu_check(const struct machine *m)
{
	(void)m; /* SVM has no parameters that could differ */
	if (!cpu_vendor_is("AuthenticAMD") && !cpu_vendor_is("HygonGenuine"))
		return HV_E_VENDOR;
	if ((cpu_leaf(LEAF_EXT1, 0).ecx & EXT1_ECX_SVM) == 0)
		return HV_E_NO_SVM;
	if ((rdmsr(VM_CR) & VM_CR_SVMDIS) != 0)
		return HV_E_SVM_LOCKED;
	if ((rdmsr(IA32_EFER) & EFER_SVME) != 0)
		return HV_E_ALREADY;
	if (cpuid(LEAF_SVM, 0).ebx < VCPU_GUEST_TAG + GUEST_TAGS) /* how many there are, 0 among them */
		return HV_E_FEW_ASIDS;
	if ((cpuid(LEAF_SVM, 0).edx & SVM_EDX_NP) == 0)
		return HV_E_NO_NPT;
	if ((rdmsr(SYSCFG) & (SYSCFG_MEM_ENCRYPTION | SYSCFG_SNP)) != 0)
		return HV_E_MEMORY_ALIASES;
	return a20_masked() ? HV_E_A20 : cpu_features_check();
}

void vcpu_carve(struct vcpu *vcpu, paddr_t pages)
{
	vcpu->vendor.vmcb = region_pointer(pages);
	vcpu->vendor.host_vmcb = region_pointer(paddr(pages.value + PAGE_BYTES));
	vcpu->vendor.host_save = paddr(pages.value + 2 * PAGE_BYTES);
}

#define IO_MAP_PAGES  3u
#define MSR_MAP_PAGES 2u

void vcpu_build_maps(struct domain *domain, paddr_t pages)
{
	domain->io_map = pages;
	domain->msr_map = paddr(pages.value + IO_MAP_PAGES * PAGE_BYTES);
	__builtin_memset(region_pointer(domain->msr_map), 0xff, MSR_MAP_PAGES * PAGE_BYTES);
}

/*
 * Two bits a register, read and write, for three ranges of 8,192 registers; 2 KiB each (APM 2 15.11). Registers outside
 * always exit.
 */
void vcpu_allow_msr(const struct domain *domain, uint32_t msr, bool write)
{
	const uint32_t bases[] = {0, 0xc0000000, 0xc0010000};
	uint8_t *const map = region_pointer(domain->msr_map);

	for (uint32_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
		const uint32_t offset = msr - bases[i];
		const uint32_t bit = offset * 2 + write;

		if (offset < 0x2000)
			map[0x800 * i + bit / 8] &= (uint8_t)~(1u << bit % 8);
	}
}

static struct vendor_machine shared;

struct hv_failure vcpu_prepare(struct machine *m)
{
	m->vendor = &shared;
	speculation_choose(m);
	return fails(HV_OK);
}

void svm_set_controls(const struct vcpu *vcpu)
{
	struct vmcb *const vmcb = vcpu->vendor.vmcb;
	const struct domain *const domain = vcpu->domain;

	vmcb->intercept_exceptions = 1u << VECTOR_MC;
	vmcb->intercept_misc1 = INTERCEPT_NMI | INTERCEPT_SMI | INTERCEPT_INIT | INTERCEPT_CPUID | INTERCEPT_RSM |
				INTERCEPT_INVD | INTERCEPT_INVLPGA | INTERCEPT_IO | INTERCEPT_MSR | INTERCEPT_SHUTDOWN;
	vmcb->intercept_misc2 = INTERCEPT_VMRUN | INTERCEPT_VMMCALL | INTERCEPT_VMLOAD | INTERCEPT_VMSAVE |
				INTERCEPT_STGI | INTERCEPT_CLGI | INTERCEPT_SKINIT | INTERCEPT_XSETBV;
	vmcb->iopm_base = domain->io_map.value;
	vmcb->msrpm_base = domain->msr_map.value;
	vmcb->asid = vcpu->tag;
	vmcb->nested_control = NESTED_PAGING;
	vmcb->nested_cr3 = domain->stage2.root.value;
}

/* A segment register in 64-bit mode: base 0, rights and limit from its descriptor. */
static struct vmcb_segment capture_segment(uint16_t selector)
{
	const uint32_t rights = segment_rights(selector);

	return (struct vmcb_segment){
		.selector = selector,
		.attributes = (uint16_t)((rights >> 8 & 0xff) | (rights >> 12 & 0xf00)),
		.limit = segment_limit(selector),
	};
}

static void capture_segments(struct vmcb *vmcb)
{
	const struct descriptor_table gdtr = read_gdtr(), idtr = read_idtr();

	vmcb->gdtr = (struct vmcb_segment){.limit = gdtr.limit, .base = gdtr.base};
	vmcb->idtr = (struct vmcb_segment){.limit = idtr.limit, .base = idtr.base};
	vmcb->cs = capture_segment(SEGMENT_SELECTOR(cs));
	vmcb->ss = capture_segment(SEGMENT_SELECTOR(ss));
	vmcb->ds = capture_segment(SEGMENT_SELECTOR(ds));
	vmcb->es = capture_segment(SEGMENT_SELECTOR(es));
}

static void capture_registers(struct vmcb *vmcb, const struct launch_frame *frame)
{
	vmcb->efer = rdmsr(IA32_EFER);
	vmcb->g_pat = rdmsr(IA32_PAT);
	vmcb->cr0 = read_cr0();
	vmcb->cr2 = read_cr2();
	vmcb->cr3 = read_cr3();
	vmcb->cr4 = read_cr4();
	vmcb->dr6 = read_dr6();
	vmcb->dr7 = read_dr7();
	vmcb->rflags = frame->rflags;
	vmcb->rip = frame->rip;
	vmcb->rsp = frame->rsp;
}

enum hv_error vcpu_capture(struct vcpu *vcpu, const struct launch_frame *frame)
{
	struct vmcb *const vmcb = vcpu->vendor.vmcb;

	wrmsr(IA32_EFER, rdmsr(IA32_EFER) | EFER_SVME | EFER_NXE);
	wrmsr(VM_HSAVE_PA, vcpu->vendor.host_save.value);
	wrmsr(VM_CR, rdmsr(VM_CR) | VM_CR_R_INIT | VM_CR_DIS_A20M | VM_CR_DPD);
	vcpu->frame->guest_control = region_paddr(vmcb).value;
	vcpu->frame->host_control = region_paddr(vcpu->vendor.host_vmcb).value;
	svm_set_controls(vcpu);
	vmcb->tlb_control = TLB_FLUSH_ALL;
	capture_segments(vmcb);
	vmsave(vmcb);
	capture_registers(vmcb, frame);
	return HV_OK;
}

/*
 * The PAT of the guest is the VMCB's; the register's types are those of the hypervisor's accesses and of its walks of
 * the NPT.
 */
void vcpu_run(struct vcpu *vcpu)
{
	clgi();
	wrmsr(IA32_PAT, PAT_RESET);
	vmsave(vcpu->vendor.host_vmcb);
	svm_run(vcpu->frame);
}
