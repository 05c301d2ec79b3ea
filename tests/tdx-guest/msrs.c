/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Model-specific registers: those that the guest has for itself, those that are answered, those that are not there. */
#include "suite.h"

#define MSR_TSC               0x10u
#define MSR_FEATURE_CONTROL   0x3au
#define MSR_PRED_CMD          0x49u
#define MSR_BIOS_SIGN_ID      0x8bu
#define MSR_SMBASE            0x9eu
#define MSR_XAPIC_DISABLE     0xbdu
#define MSR_ARCH_CAPABILITIES 0x10au
#define MSR_SYSENTER_CS       0x174u
#define MSR_SYSENTER_ESP      0x175u
#define MSR_SYSENTER_EIP      0x176u
#define MSR_MCG_CAP           0x179u
#define MSR_MCG_STATUS        0x17au
#define MSR_MISC_ENABLE       0x1a0u
#define MSR_DEBUGCTL          0x1d9u
#define MSR_VMX_BASIC         0x480u
#define MSR_XSS               0xda0u
#define MSR_STAR              0xc0000081u
#define MSR_LSTAR             0xc0000082u
#define MSR_CSTAR             0xc0000083u
#define MSR_FMASK             0xc0000084u
#define MSR_FS_BASE           0xc0000100u
#define MSR_KERNEL_GS_BASE    0xc0000102u
#define MSR_UNKNOWN           0x4b564d00u /* KVM's clock, which is not offered */
#define MSR_X2APIC_UNKNOWN    0x8ffu

#define PATTERN      0x00005a5ac3c30f0full /* a canonical address */
#define PAT_RESERVED 2ull                  /* no memory type */
#define PAT_OTHER    0x0007010600070106ull

FORM(form_rdmsr, "rdmsr");
FORM(form_wrmsr, "wrmsr");

static struct gprs with(uint32_t msr, uint64_t value)
{
	return (struct gprs){.rcx = msr, .rax = (uint32_t)value, .rdx = value >> 32};
}

static bool read_faults(uint32_t msr)
{
	return raises(form_rdmsr, with(msr, 0), VEC_GP);
}

static bool write_faults(uint32_t msr, uint64_t value)
{
	return raises(form_wrmsr, with(msr, value), VEC_GP);
}

/* Each is written, read and put back. */
static void test_own(void)
{
	static const struct {
		uint32_t msr;
		uint64_t bits;
		const char *name;
	} own[] = {
		{MSR_STAR, ~0ull, "STAR"},
		{MSR_LSTAR, PATTERN, "LSTAR"},
		{MSR_CSTAR, PATTERN, "CSTAR"},
		{MSR_FMASK, UINT32_MAX, "FMASK"},
		{MSR_FS_BASE, PATTERN, "FS_BASE"},
		{MSR_KERNEL_GS_BASE, PATTERN, "KERNEL_GS_BASE"},
		{MSR_SYSENTER_CS, 0xfff8, "SYSENTER_CS"},
		{MSR_SYSENTER_ESP, PATTERN, "SYSENTER_ESP"},
		{MSR_SYSENTER_EIP, PATTERN, "SYSENTER_EIP"},
	};

	begin("TDX module base specification, \"MSR virtualization\": registers of the guest");
	for (uint32_t i = 0; i < COUNT(own); i++) {
		const uint64_t before = rdmsr(own[i].msr);

		wrmsr(own[i].msr, PATTERN & own[i].bits);
		tdx_is(PATTERN & own[i].bits, rdmsr(own[i].msr), own[i].name);
		wrmsr(own[i].msr, before);
	}
}

/* Checked as a CPU checks them. */
static void test_checked(void)
{
	const uint64_t pat = rdmsr(MSR_PAT), efer = rdmsr(MSR_EFER);

	begin("TDX module base specification, \"MSR virtualization\": registers that a CPU checks");
	wrmsr(MSR_PAT, PAT_OTHER);
	tdx_is(PAT_OTHER, rdmsr(MSR_PAT), "PAT has other types");
	wrmsr(MSR_PAT, pat);
	tdx_ok(write_faults(MSR_PAT, PAT_RESERVED), "PAT: no type that there is not");
	tdx_ok((efer & (EFER_LME | EFER_NXE)) == (EFER_LME | EFER_NXE), "EFER has long mode and NX");
	tdx_ok(write_faults(MSR_EFER, efer & ~EFER_LME), "EFER: long mode is not left with paging on");
	tdx_ok(write_faults(MSR_EFER, efer | 1ull << 63), "EFER: reserved bits");
	tdx_ok(write_faults(MSR_EFER, efer | EFER_SVME), "EFER: SVM is not switched on");
	tdx_is(efer, rdmsr(MSR_EFER), "EFER is as before");
}

static void test_answered(void)
{
	const uint64_t base = rdmsr(MSR_APIC_BASE), first = rdmsr(MSR_TSC), second = rdtsc(), third = rdmsr(MSR_TSC);

	begin("TDX module base specification, \"MSR virtualization\": registers that are answered");
	tdx_ok((base & (APIC_BASE_ENABLE | APIC_BASE_X2APIC)) == (APIC_BASE_ENABLE | APIC_BASE_X2APIC),
	       "APIC_BASE is in x2APIC mode");
	tdx_ok(first < second && second < third, "the TSC is the one that RDTSC reads");
	cloister_is(0xfee00d00, base, "APIC_BASE is that of the first CPU");
	cloister_ok((rdmsr(MSR_ARCH_CAPABILITIES) >> 21 & 1) != 0, "ARCH_CAPABILITIES has XAPIC_DISABLE");
}

static void test_constants(void)
{
	static const struct {
		uint32_t msr;
		uint64_t value;
		const char *name;
	} constants[] = {
		{MSR_FEATURE_CONTROL, 1, "FEATURE_CONTROL is locked"},
		{MSR_XAPIC_DISABLE, 1, "the APIC stays in x2APIC mode"},
		{MSR_BIOS_SIGN_ID, 0xffffffff00000000, "no microcode is too old"},
		{MSR_MCG_CAP, 0, "there are no banks of machine checks"},
		{MSR_MCG_STATUS, 0, "and no machine check is there"},
		{MSR_MISC_ENABLE, 0x1801, "MISC_ENABLE has fast strings, no branch trace, no PEBS"},
		{MSR_DEBUGCTL, 0, "DEBUGCTL is 0"},
		{MSR_XSS, 0, "XSS is 0"},
	};

	begin("docs/guest-abi.md, section 8: registers that read the same at any time");
	if (!on_cloister())
		return skip("Cloister: registers that are constant", "the host is not");
	for (uint32_t i = 0; i < COUNT(constants); i++)
		cloister_is(constants[i].value, rdmsr(constants[i].msr), constants[i].name);
}

/* What the VMM answers elsewhere is a matter of the VMM. */
static void test_refused(void)
{
	static const struct {
		uint32_t msr;
		uint64_t value;
		const char *name;
	} writes[] = {
		{MSR_TSC, 0, "the TSC is not written"},
		{MSR_APIC_BASE, 0xfee00900, "x2APIC mode is not left"},
		{MSR_APIC_BASE, 0xfee00c00, "the first CPU stays the first"},
		{MSR_FEATURE_CONTROL, 5, "FEATURE_CONTROL is not written"},
		{MSR_ARCH_CAPABILITIES, 0, "nor ARCH_CAPABILITIES"},
		{MSR_MCG_STATUS, 0, "nor MCG_STATUS"},
		{MSR_MISC_ENABLE, 0x1801, "nor MISC_ENABLE"},
		{MSR_DEBUGCTL, 1, "branches are not recorded"},
		{MSR_XSS, 1ull << 8, "no supervisor state is switched on"},
		{MSR_PRED_CMD, 2, "PRED_CMD has one command"},
		{MSR_UNKNOWN, 0, "an unknown register is not written"},
	};

	begin("docs/guest-abi.md, section 8: registers that are refused");
	tdx_ok(read_faults(MSR_VMX_BASIC), "VMX has no registers");
	tdx_ok(read_faults(MSR_SMBASE), "nor has SMM");
	if (!on_cloister())
		return skip("Cloister: registers that raise #GP", "the host is not");
	cloister_ok(read_faults(MSR_UNKNOWN), "an unknown register is not read");
	cloister_ok(read_faults(MSR_PRED_CMD), "nor PRED_CMD");
	cloister_ok(read_faults(MSR_X2APIC_UNKNOWN), "nor a register that the APIC does not have");
	for (uint32_t i = 0; i < COUNT(writes); i++)
		cloister_ok(write_faults(writes[i].msr, writes[i].value), writes[i].name);
	wrmsr(MSR_APIC_BASE, 0xfee00d00);
	wrmsr(MSR_BIOS_SIGN_ID, 0);
	cloister_is(0xfee00d00, rdmsr(MSR_APIC_BASE), "APIC_BASE takes its own value");
	cloister_is(0xffffffff00000000, rdmsr(MSR_BIOS_SIGN_ID), "BIOS_SIGN_ID ignores what is written");
}

void test_msrs(void)
{
	test_own();
	test_checked();
	test_answered();
	test_constants();
	test_refused();
}
