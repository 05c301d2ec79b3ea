/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Features of CPUID that do not depend on the vendor (SDM 2A CPUID; APM 3 appendix E). */
#include "features.h"

#include "x86/cpuid.h"
#include "x86/msr.h"
#include "x86/registers.h"

struct cpuid_result cpu_leaf(uint32_t leaf, uint32_t subleaf)
{
	return cpuid(leaf & 0x80000000, 0).eax >= leaf ? cpuid(leaf, subleaf) : (struct cpuid_result){0, 0, 0, 0};
}

bool cpu_vendor_is(const char *name)
{
	const struct cpuid_result id = cpuid(0, 0);
	const uint32_t words[] = {id.ebx, id.edx, id.ecx};

	return __builtin_memcmp(name, words, sizeof(words)) == 0;
}

uint64_t cpu_arch_capabilities(void)
{
	return (cpu_leaf(7, 0).edx & LEAF7_EDX_ARCH_CAP) != 0 ? rdmsr(IA32_ARCH_CAPABILITIES) : 0;
}

uint32_t cpu_phys_bits(void)
{
	return cpu_leaf(LEAF_EXT8, 0).eax & EXT8_EAX_PHYS;
}

enum hv_error cpu_paging_check(void)
{
	const uint32_t bits = cpu_phys_bits();

	if (bits < 36 || bits > 52)
		return HV_E_PHYS_BITS;
	return (read_cr4() & CR4_LA57) != 0 ? HV_E_PAGING_MODE : HV_OK;
}

enum hv_error cpu_features_check(void)
{
	if ((cpuid(1, 0).ecx & LEAF1_ECX_X2APIC) == 0)
		return HV_E_NO_X2APIC;
	if ((cpuid(LEAF_EXT1, 0).edx & EXT1_EDX_PAGE1GB) == 0)
		return HV_E_NO_1GIB_PAGES;
	if ((cpuid(LEAF_EXT1, 0).edx & EXT1_EDX_NX) == 0 || (cpuid(1, 0).ecx & LEAF1_ECX_XSAVE) == 0 ||
	    (~cpu_leaf(7, 0).ebx & (LEAF7_EBX_SMEP | LEAF7_EBX_SMAP)) != 0)
		return HV_E_NO_NX;
	return HV_OK;
}
