/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What CPUID says: bits that the TDX module fixes, and the whole of some leaves (docs/guest-abi.md, section 7). */
#include "suite.h"

#define BIT(n) (1u << (n))

/* The bits of a register of a leaf that are 1, and those that are 0. */
static const struct fixed {
	uint32_t leaf, subleaf;
	enum { EAX, EBX, ECX, EDX } in;
	uint32_t ones, zeros;
	enum { BY_TDX, BY_CLOISTER } whose;
	const char *name;
} fixed[] = {
	{0, 0, EBX, 0x756e6547, ~0x756e6547u, BY_TDX, "the vendor is Genu"},
	{0, 0, EDX, 0x49656e69, ~0x49656e69u, BY_TDX, "ineI"},
	{0, 0, ECX, 0x6c65746e, ~0x6c65746eu, BY_TDX, "ntel"},
	{0, 0, EAX, 0x21, ~0x21u, BY_CLOISTER, "the last leaf is 21H"},
	{1, 0, ECX, BIT(31), BIT(5) | BIT(6), BY_TDX, "a hypervisor is there, VMX and SMX are not"},
	{1, 0, ECX, BIT(21), 0, BY_TDX, "x2APIC is there"},
	{1, 0, ECX, BIT(24), BIT(2) | BIT(3) | BIT(4) | BIT(7) | BIT(8) | BIT(15) | BIT(18), BY_CLOISTER,
	 "TSC_DEADLINE is there; DTES64, MONITOR, DS_CPL, EST, TM2, PDCM, DCA are not"},
	{1, 0, EDX, BIT(5) | BIT(6) | BIT(9), 0, BY_TDX, "MSR, PAE and APIC are there"},
	{1, 0, EDX, BIT(0) | BIT(4) | BIT(8) | BIT(15), BIT(7) | BIT(12) | BIT(14) | BIT(18), BY_CLOISTER,
	 "FPU, TSC, CX8, CMOV are there; MCE, MTRR, MCA, PSN are not"},
	{2, 0, EAX, 0x00feff01, ~0x00feff01u, BY_CLOISTER, "leaf 2 refers to leaf 4"},
	{6, 0, EAX, BIT(2), ~BIT(2), BY_CLOISTER, "the APIC's timer always runs"},
	{7, 0, EBX, 0, BIT(2), BY_TDX, "SGX is not there"},
	{7, 0, EDX, BIT(29), 0, BY_TDX, "ARCH_CAPABILITIES is there"},
	{7, 0, ECX, 0, BIT(5) | BIT(7) | BIT(16), BY_CLOISTER, "WAITPKG, CET_SS and LA57 are not there"},
	{0x21, 0, EBX, 0x65746e49, ~0x65746e49u, BY_TDX, "leaf 21H says Inte"},
	{0x21, 0, EDX, 0x5844546c, ~0x5844546cu, BY_TDX, "lTDX"},
	{0x21, 0, ECX, 0x20202020, ~0x20202020u, BY_TDX, "and four spaces"},
	{0x21, 0, EAX, 0, ~0u, BY_TDX, "leaf 21H has no subleaf but 0"},
	{0x21, 1, EBX, 0, ~0u, BY_TDX, "subleaf 1 is 0"},
	{0x40000000, 0, EBX, 0x4b4d564b, ~0x4b4d564bu, BY_CLOISTER, "leaf 40000000H says KVMK"},
	{0x40000000, 0, ECX, 0x564b4d56, ~0x564b4d56u, BY_CLOISTER, "VMKV"},
	{0x40000000, 0, EDX, 0x4d, ~0x4du, BY_CLOISTER, "M"},
	{0x40000001, 0, EAX, 0, ~0u, BY_CLOISTER, "it has no features of KVM's"},
	{0x80000000, 0, EAX, 0x80000008, ~0x80000008u, BY_TDX, "the last extended leaf is 80000008H"},
	{0x80000001, 0, EDX, BIT(11) | BIT(20) | BIT(29), 0, BY_TDX, "SYSCALL, NX and LM are there"},
	{0x80000001, 0, ECX, 0, BIT(2) | BIT(12) | BIT(22), BY_CLOISTER, "SVM, SKINIT and TOPOEXT are not there"},
	{0x80000007, 0, EDX, 0, ~BIT(8), BY_CLOISTER, "nothing is said of power but whether the TSC is invariant"},
	{3, 0, EAX, 0, ~0u, BY_CLOISTER, "a leaf that is not listed is 0"},
	{0x80000026, 0, EAX, 0, ~0u, BY_CLOISTER, "so is an extended one"},
	{0xffffffff, 0, EDX, 0, ~0u, BY_CLOISTER, "so is the last one"},
};

static uint32_t word(const struct cpuid_result *r, uint32_t in)
{
	return in == EAX ? r->eax : in == EBX ? r->ebx : in == ECX ? r->ecx : r->edx;
}

static void test_fixed(void)
{
	begin("TDX module base specification, \"CPUID virtualization\"; docs/guest-abi.md, section 7");
	for (const struct fixed *f = fixed; f < fixed + COUNT(fixed); f++) {
		const struct cpuid_result r = cpuid(f->leaf, f->subleaf);
		const uint32_t found = word(&r, f->in) & (f->ones | f->zeros);

		if (f->whose == BY_TDX)
			tdx_is(f->ones, found, f->name);
		else
			cloister_is(f->ones, found, f->name);
	}
}

static void test_own(const struct start *start)
{
	const struct cpuid_result leaf1 = cpuid(1, 0), topology = cpuid(0xb, 0), package = cpuid(0xb, 1);
	const uint64_t id = rdmsr(MSR_X2APIC_ID), cr4 = read_cr4();

	begin("TDX module base specification, \"CPUID virtualization\": leaves of the vCPU");
	tdx_is(start->version, leaf1.eax, "leaf 1: the version is that of the start (RDX)");
	tdx_is(id & 0xff, leaf1.ebx >> 24, "leaf 1: the APIC ID is the local APIC's");
	tdx_is(id, topology.edx, "leaf 0BH: and so it is");
	tdx_is(1, topology.ecx >> 8 & 0xff, "leaf 0BH: the first level is that of threads");
	cloister_is(1, topology.ebx, "leaf 0BH: a core has one thread");
	cloister_is((uint32_t)tdcall(TDG_VP_INFO, 0, 0, 0, 0).r8, package.ebx, "leaf 0BH: the package has all vCPUs");
	cloister_is(tdcall(TDG_VP_INFO, 0, 0, 0, 0).rcx, cpuid(0x80000008, 0).eax & 0xff,
		    "leaf 80000008H: addresses have the width of TDG.VP.INFO");
	write_cr4(cr4 | CR4_OSXSAVE);
	tdx_is(BIT(27), cpuid(1, 0).ecx & BIT(27), "leaf 1: OSXSAVE is CR4's bit, when it is set");
	write_cr4(cr4 & ~CR4_OSXSAVE);
	tdx_is(0, cpuid(1, 0).ecx & BIT(27), "and when it is not");
}

/* The TSC's rate does not change, and what says so agrees. */
static void test_rate(void)
{
	const struct cpuid_result crystal = cpuid(0x15, 0), nominal = cpuid(0x16, 0);

	begin("TDX module base specification, \"TSC virtualization\"");
	tdx_ok(crystal.eax != 0 && crystal.ebx != 0 && crystal.ecx != 0, "leaf 15H has the TSC's rate");
	cloister_is(1, crystal.eax, "leaf 15H: the crystal is the TSC, or a whole part of it");
	cloister_is((uint64_t)crystal.ecx * crystal.ebx / 1000000, nominal.eax, "leaf 16H has the same rate in MHz");
	cloister_is(100, nominal.ecx, "leaf 16H: the bus has 100 MHz");
}

void test_cpuid(const struct start *start)
{
	test_fixed();
	test_own(start);
	test_rate();
}
