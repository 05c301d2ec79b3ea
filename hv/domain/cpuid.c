/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * CPUID of a domain (docs/guest-abi.md, section 7): of the native answer what the table below allows, and what it
 * forces. Everything else is 0. The vendor is Intel on every host: Linux looks for TDX under no other.
 */
#include "cpuid.h"

#include "machine/features.h"
#include "machine/cpu.h"
#include "vcpu.h"
#include "x86/cpuid.h"

#define ALL             0xffffffffu
#define ANY             0xffffffffu /* as a subleaf */
#define MODEL_NO_QUIRKS 0x000306a9u /* family 6, and a model for which Linux has no quirk: on AMD hosts */

/* Native bits that are shown, bits that are set: EAX, EBX, ECX, EDX each. */
static const struct rule {
	uint32_t leaf, subleaf;
	uint32_t shown[4], set[4];
} rules[] = {
	{0, ANY, {0}, {0x21, 0x756e6547, 0x6c65746e, 0x49656e69}},
	/* EBX: CLFLUSH of 64 bytes. ECX: X2APIC, TSC_DEADLINE, HYPERVISOR; without DTES64, MONITOR, DS_CPL, VMX, SMX,
	 * EST, TM2, PDCM, DCA, OSXSAVE. EDX: APIC; without MCE, MTRR, MCA, PSN, DS, ACPI, TM, PBE */
	{1, ANY, {ALL, 0x00000800, 0x76da3203, 0x0789ab7f}, {0, 0x00000800, 0x81200000, 0x00000200}},
	{2, ANY, {0}, {0x00feff01, 0, 0, 0}},
	{6, ANY, {0}, {4, 0, 0, 0}}, /* ARAT */
	/* FSGSBASE, BMI, AVX2, SMEP, ERMS, INVPCID, AVX512, RDSEED, ADX, SMAP, CLFLUSHOPT, CLWB, SHA; UMIP, GFNI,
	 * RDPID, AVX512's; FSRM, MD_CLEAR, SPEC_CTRL, STIBP, L1D_FLUSH, SSBD */
	{7, 0, {0, 0xf1bf07a9, 0x00405f46, 0x9c000410}, {0, 0, 0, 1u << 29}},
	{0x15, ANY, {0}, {1, 1, 0, 0}},
	{0x21, 0, {0}, {0, 0x65746e49, 0x20202020, 0x5844546c}},
	{0x40000000, ANY, {0}, {0x40000001, 0x4b4d564b, 0x564b4d56, 0x4d}},
	{0x80000000, ANY, {0}, {0x80000008, 0, 0, 0}},
	/* LAHF, LZCNT, PREFETCHW; SYSCALL, NX, 1 GiB pages, RDTSCP, LM */
	{0x80000001, ANY, {0, 0, 0x00000121, 0x2c100800}, {0}},
	{0x80000007, ANY, {0, 0, 0, 0x100}, {0}}, /* invariant TSC */
	{0x80000008, ANY, {0, EXT8_EBX_IBPB | EXT8_EBX_SPEC_CTRL, 0, 0}, {48 << 8, 0, 0, 0}},
};

void guest_cpuid_hash(uint8_t digest[SHA384_BYTES])
{
	sha384_of(rules, sizeof(rules), digest);
}

uint32_t guest_cpuid_version(void)
{
	return cpu_vendor_is("GenuineIntel") ? cpuid(1, 0).eax : MODEL_NO_QUIRKS;
}

static struct cpuid_result by_rule(uint32_t leaf, uint32_t subleaf)
{
	for (const struct rule *rule = rules; rule != rules + sizeof(rules) / sizeof(rules[0]); rule++) {
		if (rule->leaf != leaf || (rule->subleaf != ANY && rule->subleaf != subleaf))
			continue;
		/* Where native bits are shown, the leaf is there: without leaf 7 there is no launch (features.c). */
		const struct cpuid_result r = cpuid(leaf, subleaf);

		return (struct cpuid_result){
			(r.eax & rule->shown[0]) | rule->set[0], (r.ebx & rule->shown[1]) | rule->set[1],
			(r.ecx & rule->shown[2]) | rule->set[2], (r.edx & rule->shown[3]) | rule->set[3]};
	}
	return (struct cpuid_result){0, 0, 0, 0};
}

/* Bits of an APIC ID below those of the package: all vCPUs are cores of one. */
static uint32_t id_bits(const struct td *td)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; i < td->info.vcpus; i++) {
		while ((uint64_t)td->vcpu[i].apic_id >> bits != 0)
			bits++;
	}
	return bits;
}

/* Leaves 0xB and 0x1F: one thread a core, all cores in one package. */
static struct cpuid_result topology(const struct td_vcpu *vcpu, uint32_t level)
{
	if (level == 0)
		return (struct cpuid_result){0, 1, 1u << 8, vcpu->apic_id};
	if (level == 1)
		return (struct cpuid_result){id_bits(vcpu->td), vcpu->td->info.vcpus, 2u << 8 | 1, vcpu->apic_id};
	return (struct cpuid_result){0, 0, level & 0xff, vcpu->apic_id};
}

uint64_t guest_xsave_bytes(uint64_t xfam)
{
	uint64_t end = 576; /* legacy part and header (SDM 1 13.4) */

	for (uint64_t rest = xfam & ~(XCR0_X87 | XCR0_SSE); rest != 0; rest &= rest - 1) {
		const struct cpuid_result place = cpu_leaf(LEAF_XSAVE, (uint32_t)__builtin_ctzll(rest));
		const uint64_t its_end = (uint64_t)place.ebx + place.eax;

		end = its_end > end ? its_end : end;
	}
	return end;
}

/* The parts of XSAVE state that the domain has; sizes as the CPU computes them with the guest's XCR0. */
static struct cpuid_result xsave_leaf(const struct td_vcpu *vcpu, uint32_t subleaf)
{
	const uint64_t xfam = vcpu->td->info.params.xfam;
	const struct cpuid_result r = cpu_leaf(LEAF_XSAVE, subleaf);

	if (subleaf == 0)
		return (struct cpuid_result){(uint32_t)xfam, r.ebx, (uint32_t)guest_xsave_bytes(xfam), 0};
	if (subleaf == 1)
		return (struct cpuid_result){r.eax & 7, r.ebx, 0, 0}; /* XSAVEOPT, XSAVEC, XGETBV of 1; its size */
	return subleaf < 64 && (xfam >> subleaf & 1) != 0 ? r : (struct cpuid_result){0, 0, 0, 0};
}

/* What is the vCPU's, without the instructions whose registers the domain does not have. */
static void adjust(const struct td_vcpu *vcpu, uint32_t leaf, struct cpuid_result *r)
{
	const uint64_t tsc_khz = vcpu->vcpu.cpu->machine->boot.tsc_khz, xfam = vcpu->td->info.params.xfam;
	const bool avx = (xfam & XCR0_AVX) != 0, avx512 = (xfam & XCR0_AVX512) != 0;

	if (leaf == 1) {
		r->eax = vcpu->view.pool->guest.cpuid_version;
		r->ebx |= (vcpu->apic_id & 0xff) << 24;
		r->ecx |= (vcpu_cr4(&vcpu->vcpu) & CR4_OSXSAVE) != 0 ? LEAF1_ECX_OSXSAVE : 0;
		r->ecx &= avx ? ALL : ~LEAF1_ECX_AVX;
	} else if (leaf == 7) {
		r->ebx &= (avx ? ALL : ~LEAF7_EBX_AVX) & (avx512 ? ALL : ~LEAF7_EBX_AVX512);
		r->ecx &= (avx ? ALL : ~LEAF7_ECX_AVX) & (avx512 ? ALL : ~LEAF7_ECX_AVX512);
	} else if (leaf == LEAF_EXT8) {
		r->eax |= vcpu->td->gpa_bits;
	} else if (leaf == 0x15) {
		r->ebx = 1 + (uint32_t)(tsc_khz * 1000 >> 32); /* times a frequency that fits ECX */
		r->ecx = (uint32_t)(tsc_khz * 1000 / r->ebx);
	} else if (leaf == 0x16) {
		*r = (struct cpuid_result){(uint32_t)(tsc_khz / 1000), (uint32_t)(tsc_khz / 1000), 100, 0};
	}
}

void guest_cpuid(const struct td_vcpu *vcpu, uint32_t leaf, uint32_t subleaf, struct cpuid_result *r)
{
	if (leaf == LEAF_TOPOLOGY || leaf == 0x1f) {
		*r = topology(vcpu, subleaf);
	} else if (leaf == LEAF_XSAVE) {
		*r = xsave_leaf(vcpu, subleaf);
	} else if (leaf >= 0x80000002 && leaf <= 0x80000004) {
		*r = cpuid(leaf, 0); /* the brand, in words */
	} else {
		*r = by_rule(leaf, subleaf);
		adjust(vcpu, leaf, r);
	}
}
