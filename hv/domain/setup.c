/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The maps of ports and registers of every domain, and the registers that are switched by hand. */
#include "cpuid.h"
#include "machine/features.h"
#include "pool.h"
#include "vcpu/launch.h"
#include "x86/cpuid.h"
#include "x86/msr.h"

#define LEAF7_EDX_SPEC_CTRL (1u << 26) /* IBRS and IBPB */
#define EXT1_EDX_RDTSCP     (1u << 27)

/* A guest reads and writes these registers without an exit: all of them are switched. */
static void allow(const struct domain *maps, uint32_t first, uint32_t last)
{
	for (uint32_t msr = first; msr <= last; msr++) {
		vcpu_allow_msr(maps, msr, false);
		vcpu_allow_msr(maps, msr, true);
	}
}

/* It is switched by hand, and the guest's own. */
static void own(struct guest_setup *setup, uint32_t msr)
{
	setup->msr[setup->msr_count++] = msr;
	allow(&setup->maps, msr, msr);
}

void guest_prepare(struct guest_setup *setup, paddr_t pages, uint32_t phys_bits)
{
	static const uint32_t msrs[] = {VENDOR_GUEST_MSRS};
	const struct cpuid_result leaf7 = cpu_leaf(7, 0), ext8 = cpu_leaf(LEAF_EXT8, 0);

	vcpu_build_maps(&setup->maps, pages);
	__builtin_memset(region_pointer(pages), 0xff, VENDOR_DOMAIN_PAGES * PAGE_BYTES);
	allow(&setup->maps, IA32_SYSENTER_CS, IA32_SYSENTER_EIP);
	allow(&setup->maps, IA32_STAR, IA32_FMASK);
	allow(&setup->maps, IA32_FS_BASE, IA32_KERNEL_GS_BASE);
	setup->gpa_bits = domain_gpa_bits(phys_bits);
	setup->cpuid_version = guest_cpuid_version();
	setup->barrier = (leaf7.edx & LEAF7_EDX_SPEC_CTRL) != 0 || (ext8.ebx & EXT8_EBX_IBPB) != 0;
	for (uint32_t i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++)
		setup->msr[setup->msr_count++] = msrs[i];
	if ((cpu_leaf(LEAF_XSAVE, 1).eax & XSAVE1_EAX_XSAVES) != 0)
		setup->msr[setup->msr_count++] = IA32_XSS; /* a guest has none of it */
	if ((cpu_leaf(LEAF_EXT1, 0).edx & EXT1_EDX_RDTSCP) != 0)
		own(setup, IA32_TSC_AUX);
	if ((leaf7.edx & LEAF7_EDX_SPEC_CTRL) != 0 || (ext8.ebx & EXT8_EBX_SPEC_CTRL) != 0)
		own(setup, IA32_SPEC_CTRL);
}
