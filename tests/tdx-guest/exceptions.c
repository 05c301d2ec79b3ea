/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Instructions that a protected guest does not have, and control registers (docs/guest-abi.md, section 8). */
#include "suite.h"

#define XCR0_X87     1ull
#define XCR0_PKRU    (1ull << 9)
#define XCR0_AMX     (3ull << 17)
#define CR4_PCE      (1ul << 8)
#define CR4_LA57     (1ul << 12)
#define CR4_CET      (1ul << 23)
#define CR4_RESERVED (1ul << 31)
#define PERFMON      (1ull << 63) /* of the attributes */

FORM(form_vmcall, "vmcall");
FORM(form_vmxon, "vmxon (%rax)");
FORM(form_vmptrld, "vmptrld (%rax)");
FORM(form_vmlaunch, "vmlaunch");
FORM(form_vmread, "vmread %rax, %rbx");
FORM(form_vmmcall, "vmmcall");
FORM(form_vmrun, "vmrun");
FORM(form_stgi, "stgi");
FORM(form_seamcall, ".byte 0x66, 0x0f, 0x01, 0xcf");
FORM(form_seamret, ".byte 0x66, 0x0f, 0x01, 0xcd");
FORM(form_getsec, "getsec");
FORM(form_monitor, "monitor");
FORM(form_mwait, "mwait");
FORM(form_rdpru, "rdpru");
FORM(form_rdpmc, "rdpmc");
FORM(form_xsetbv, "xsetbv");
FORM(form_ud2, "ud2");
FORM(form_mov_cr4, "mov %rax, %cr4");
FORM(form_wbinvd, "wbinvd");
FORM(form_invd, "invd");

static void test_undefined(void)
{
	static uint64_t page[512] __attribute__((aligned(4096))); /* elsewhere VMRUN is #GP first (APM 2 15.5.1) */
	const struct gprs at = {.rax = (uint64_t)page};
	const struct {
		const void *form;
		const char *name;
	} forms[] = {{form_ud2, "UD2"},         {form_vmcall, "VMCALL"},     {form_vmxon, "VMXON"},
		     {form_vmptrld, "VMPTRLD"}, {form_vmlaunch, "VMLAUNCH"}, {form_vmread, "VMREAD"},
		     {form_vmmcall, "VMMCALL"}, {form_vmrun, "VMRUN"},       {form_stgi, "STGI"},
		     {form_getsec, "GETSEC"},   {form_seamcall, "SEAMCALL"}, {form_seamret, "SEAMRET"}};

	begin("TDX module base specification, \"Instructions that unconditionally cause a #UD\"");
	for (uint32_t i = 0; i < COUNT(forms); i++)
		tdx_ok(raises(forms[i].form, at, VEC_UD), forms[i].name);
	begin("docs/guest-abi.md, section 8: other instructions");
	if (!on_cloister())
		return skip("Cloister: MONITOR, MWAIT and RDPRU", "the host is not");
	cloister_ok(raises(form_monitor, at, VEC_UD), "MONITOR is #UD");
	cloister_ok(raises(form_mwait, (struct gprs){0}, VEC_UD), "so is MWAIT");
	cloister_ok(raises(form_rdpru, (struct gprs){0}, VEC_UD), "so is RDPRU");
}

static void test_counters(void)
{
	begin("TDX module base specification, \"RDPMC\"");
	if ((tdcall(TDG_VP_INFO, 0, 0, 0, 0).rdx & PERFMON) != 0)
		return skip("TDX: RDPMC is #GP", "the guest has counters");
	tdx_ok(raises(form_rdpmc, (struct gprs){0}, VEC_GP), "RDPMC is #GP");
}

static bool cr4_faults(uint64_t value)
{
	return raises(form_mov_cr4, (struct gprs){.rax = value}, VEC_GP);
}

static void test_control_registers(void)
{
	const uint64_t cr4 = read_cr4();

	begin("TDX module base specification, \"CR4\"");
	tdx_ok((cr4 & CR4_MCE) != 0, "machine checks are on");
	tdx_ok(cr4_faults(cr4 | CR4_VMXE), "VMX is not switched on");
	tdx_ok(cr4_faults(cr4 | CR4_SMXE), "nor SMX");
	tdx_ok(cr4_faults(cr4 | CR4_RESERVED), "nor a reserved bit");
	if (!on_cloister())
		return skip("Cloister: bits of features that CPUID does not show", "the host is not");
	cloister_ok(cr4_faults(cr4 | CR4_PCE), "nor counters for programs");
	cloister_ok(cr4_faults(cr4 | CR4_LA57), "nor five levels of tables");
	cloister_ok(cr4_faults(cr4 | CR4_PKE), "nor protection keys");
	cloister_ok(cr4_faults(cr4 | CR4_CET), "nor CET");
	cloister_is(cr4, read_cr4(), "CR4 is as before");
}

static bool xcr0_faults(uint64_t index, uint64_t value)
{
	return raises(form_xsetbv, (struct gprs){.rcx = index, .rax = (uint32_t)value, .rdx = value >> 32}, VEC_GP);
}

/* Extended state within XFAM, which leaf 0DH shows. */
static void test_extended_state(void)
{
	const uint64_t cr4 = read_cr4();
	const uint32_t shown = cpuid(0xd, 0).eax;
	struct gprs all = {.rax = shown};
	struct outcome outcome;

	begin("TDX module base specification, \"Extended feature management\"");
	write_cr4(cr4 | CR4_OSXSAVE);
	outcome = attempt(form_xsetbv, &all);
	tdx_ok(completed(&outcome), "XCR0 takes all that CPUID shows");
	cloister_is(cpuid(0xd, 0).ecx, cpuid(0xd, 0).ebx, "then the area is the largest one");
	xsetbv(0, XCR0_X87);
	cloister_is(576, cpuid(0xd, 0).ebx, "with x87 alone it has 576 bytes");
	tdx_ok(xcr0_faults(0, 0), "XCR0 has x87");
	tdx_ok(xcr0_faults(0, XCR0_X87 | 1ull << 63), "XCR0: reserved bits");
	tdx_ok(xcr0_faults(1, XCR0_X87), "there is no XCR1 to write");
	if ((shown & (XCR0_PKRU | XCR0_AMX)) == 0)
		tdx_ok(xcr0_faults(0, XCR0_X87 | XCR0_PKRU) && xcr0_faults(0, XCR0_X87 | 2 | XCR0_AMX),
		       "XCR0: what XFAM does not have");
	else
		skip("TDX: XCR0: what XFAM does not have", "it has PKRU or AMX");
	write_cr4(cr4);
}

/* Caches are the host's. */
static void test_caches(void)
{
	struct gprs none = {0};
	struct outcome outcome;

	begin("docs/guest-abi.md, section 8: caches");
	if (!on_cloister())
		return skip("Cloister: WBINVD and INVD have no effect", "the host is not");
	outcome = attempt(form_wbinvd, &none);
	cloister_ok(completed(&outcome), "WBINVD goes on");
	outcome = attempt(form_invd, &none);
	cloister_ok(completed(&outcome), "so does INVD");
}

void test_exceptions(void)
{
	test_undefined();
	test_counters();
	test_control_registers();
	test_extended_state();
	test_caches();
}
