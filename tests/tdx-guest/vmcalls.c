/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sub-functions of TDG.VP.VMCALL, but for those of memory and interrupts (docs/guest-abi.md, section 6). */
#include "layout.h"
#include "suite.h"

#define PORT_SCRATCH  0x3ffull /* of the first serial port */
#define PORT_LAST     0xffffull
#define IO_APIC_INDEX 0xfec00000ull
#define IO_APIC_DATA  0xfec00010ull
#define VERSION_INDEX 1u
#define INPUTS(v)     ((v) >> 16 & 0xff)
#define MSR_APIC_ID   0x802ull
#define MSR_SCRATCH   0x83eull /* divide configuration: the timer's mode is another */
#define MSR_UNKNOWN   0x4b564d00ull
#define FUNCTION_NONE 0x999ull
#define MASK_ALLOWED  0xffccull
#define PASS(mask)    {.rcx = (mask), .r11 = VMCALL_GET_INFO}
#define PATTERN       0x5a5ac3c30f0f9669ull

static void test_masks(void)
{
	static const struct leaf_case cases[] = {
		{"RAX is not passed", PASS(MASK_ALLOWED | 1), INVALID(OPERAND_RCX), TDX},
		{"nor is RCX", PASS(MASK_ALLOWED | 2), INVALID(OPERAND_RCX), TDX},
		{"nor is RSP", PASS(MASK_ALLOWED | 1 << 4), INVALID(OPERAND_RCX), TDX},
		{"nor is what bit 63 could mean", PASS(MASK_ALLOWED | 1ull << 63), INVALID(OPERAND_RCX), TDX},
		{"nor is RBP", PASS(MASK_ALLOWED | 1 << 5), INVALID(OPERAND_RCX), CLOISTER},
		{"nor are vector registers", PASS(MASK_ALLOWED | 1 << 16), INVALID(OPERAND_RCX), CLOISTER},
		{"all others are", PASS(MASK_ALLOWED), TDX_SUCCESS, CLOISTER},
	};

	begin("TDX module ABI specification, TDG.VP.VMCALL: the mask of registers");
	check_leaves(cases, COUNT(cases));
}

static void test_numbers(void)
{
	static const struct leaf_case cases[] = {
		{"a sub-function that there is not is unsupported",
		 {.r11 = FUNCTION_NONE},
		 VMCALL_SUBFUNC_UNSUPPORTED,
		 CLOISTER},
		{"so is one whose number has 33 bits",
		 {.r11 = 1ull << 32 | VMCALL_GET_INFO},
		 VMCALL_SUBFUNC_UNSUPPORTED,
		 CLOISTER},
		{"R10 is 0", {.r10 = 1, .r11 = VMCALL_GET_INFO}, VMCALL_INVALID_OPERAND, CLOISTER},
		{"R15 is passed", {.rcx = 0x7c00, .r11 = VMCALL_GET_INFO}, VMCALL_INVALID_OPERAND, CLOISTER},
	};
	const struct gprs info = vmcall(VMCALL_GET_INFO, 0, PATTERN, PATTERN, PATTERN);

	begin("Guest-Host Communication Interface, TDG.VP.VMCALL<GetTdVmCallInfo>");
	tdx_is(VMCALL_SUCCESS, info.r10, "it succeeds");
	tdx_is(0, info.r11, "R11 is 0: there is nothing but what each host has");
	cloister_ok((info.r12 | info.r13 | info.r14) == 0, "so are R12 to R14");
	cloister_is(PATTERN, info.r15, "R15 is as before");
	tdx_ok(vmcall(FUNCTION_NONE, 0, 0, 0, 0).r10 != VMCALL_SUCCESS,
	       "a sub-function that there is not has no success");
	check_vmcalls(cases, COUNT(cases));
}

static struct gprs io(uint64_t bytes, uint64_t write, uint64_t port, uint64_t value)
{
	return vmcall(VMCALL_IO, bytes, write, port, value);
}

static void test_io(void)
{
	static const struct leaf_case cases[] = {
		{"no access of 3 bytes",
		 {.r11 = VMCALL_IO, .r12 = 3, .r14 = PORT_SCRATCH},
		 VMCALL_INVALID_OPERAND,
		 TDX},
		{"nor of 0 bytes", {.r11 = VMCALL_IO, .r12 = 0, .r14 = PORT_SCRATCH}, VMCALL_INVALID_OPERAND, TDX},
		{"nor of 8 bytes", {.r11 = VMCALL_IO, .r12 = 8, .r14 = PORT_SCRATCH}, VMCALL_INVALID_OPERAND, TDX},
		{"nor in no direction",
		 {.r11 = VMCALL_IO, .r12 = 1, .r13 = 2, .r14 = PORT_SCRATCH},
		 VMCALL_INVALID_OPERAND,
		 CLOISTER},
		{"nor beyond the last port",
		 {.r11 = VMCALL_IO, .r12 = 1, .r14 = PORT_LAST + 1},
		 VMCALL_INVALID_OPERAND,
		 CLOISTER},
	};
	const uint64_t wrote = io(1, 1, PORT_SCRATCH, PATTERN).r10;
	const struct gprs found = io(1, 0, PORT_SCRATCH, 0);

	begin("Guest-Host Communication Interface, TDG.VP.VMCALL<Instruction.IO>");
	tdx_is(VMCALL_SUCCESS, wrote, "a port is written");
	tdx_is(VMCALL_SUCCESS, found.r10, "and read");
	tdx_is((uint8_t)PATTERN, found.r11, "a byte of it");
	check_vmcalls(cases, COUNT(cases));
}

static struct gprs mmio(uint64_t bytes, uint64_t write, uint64_t address, uint64_t value)
{
	return vmcall(VMCALL_MMIO, bytes, write, address | shared_bit, value);
}

/* The I/O APIC of a PC tells how many inputs it has. */
static void test_mmio(void)
{
	const struct leaf_case cases[] = {
		{"no access of 3 bytes",
		 {.r11 = VMCALL_MMIO, .r12 = 3, .r14 = IO_APIC_DATA | shared_bit},
		 VMCALL_INVALID_OPERAND,
		 TDX},
		{"nor of 16 bytes",
		 {.r11 = VMCALL_MMIO, .r12 = 16, .r14 = IO_APIC_DATA | shared_bit},
		 VMCALL_INVALID_OPERAND,
		 TDX},
		{"nor at a private address",
		 {.r11 = VMCALL_MMIO, .r12 = 4, .r14 = IO_APIC_DATA},
		 VMCALL_INVALID_OPERAND,
		 CLOISTER},
		{"nor at RAM",
		 {.r11 = VMCALL_MMIO, .r12 = 4, .r14 = NOT_ACCEPTED | shared_bit},
		 VMCALL_INVALID_OPERAND,
		 CLOISTER},
		{"nor across two pages",
		 {.r11 = VMCALL_MMIO, .r12 = 8, .r14 = 0xfec00ffc | shared_bit},
		 VMCALL_INVALID_OPERAND,
		 CLOISTER},
		{"nor in no direction",
		 {.r11 = VMCALL_MMIO, .r12 = 4, .r13 = 2, .r14 = IO_APIC_DATA | shared_bit},
		 VMCALL_INVALID_OPERAND,
		 CLOISTER},
		{"nor beyond the width",
		 {.r11 = VMCALL_MMIO, .r12 = 4, .r14 = 1ull << 52 | IO_APIC_DATA | shared_bit},
		 VMCALL_INVALID_OPERAND,
		 CLOISTER},
	};
	const uint64_t wrote = mmio(4, 1, IO_APIC_INDEX, VERSION_INDEX).r10;
	const struct gprs found = mmio(4, 0, IO_APIC_DATA, 0);

	begin("Guest-Host Communication Interface, TDG.VP.VMCALL<#VE.RequestMMIO>");
	tdx_is(VMCALL_SUCCESS, wrote, "a device's register is written");
	tdx_is(VMCALL_SUCCESS, found.r10, "and read");
	tdx_is(23, INPUTS(found.r11), "the I/O APIC has 24 inputs");
	tdx_is(VERSION_INDEX, mmio(4, 0, IO_APIC_INDEX, 0).r11, "and its index is the one that was written");
	check_vmcalls(cases, COUNT(cases));
}

static void test_instructions(void)
{
	static const struct leaf_case cases[] = {
		{"RDMSR of an unknown register",
		 {.r11 = VMCALL_RDMSR, .r12 = MSR_UNKNOWN},
		 VMCALL_INVALID_OPERAND,
		 CLOISTER},
		{"RDMSR of one with 33 bits",
		 {.r11 = VMCALL_RDMSR, .r12 = 1ull << 32 | MSR_APIC_ID},
		 VMCALL_INVALID_OPERAND,
		 CLOISTER},
		{"WRMSR of an unknown register",
		 {.r11 = VMCALL_WRMSR, .r12 = MSR_UNKNOWN},
		 VMCALL_INVALID_OPERAND,
		 CLOISTER},
		{"WRMSR of the APIC's ID", {.r11 = VMCALL_WRMSR, .r12 = MSR_APIC_ID}, VMCALL_INVALID_OPERAND, CLOISTER},
		{"WBINVD", {.r11 = VMCALL_WBINVD}, VMCALL_SUCCESS, CLOISTER},
	};
	const struct cpuid_result own = cpuid(0x40000000, 0);
	const struct gprs called = vmcall(VMCALL_CPUID, 0x40000000, 0, 0, 0);
	const uint64_t wrote = vmcall(VMCALL_WRMSR, MSR_SCRATCH, 0xb, 0, 0).r10;
	const struct gprs scratch = vmcall(VMCALL_RDMSR, MSR_SCRATCH, 0, 0, 0);

	begin("Guest-Host Communication Interface, TDG.VP.VMCALL<Instruction>: CPUID, RDMSR, WRMSR, WBINVD");
	tdx_is(VMCALL_SUCCESS, called.r10, "CPUID of a hypervisor's leaf");
	tdx_ok(called.r12 == own.eax && called.r13 == own.ebx && called.r14 == own.ecx && called.r15 == own.edx,
	       "it answers as the instruction does");
	tdx_is(VMCALL_SUCCESS, wrote, "WRMSR of the APIC's timer");
	tdx_is(VMCALL_SUCCESS, scratch.r10, "RDMSR of it");
	tdx_is(0xb, scratch.r11, "answers what was written");
	cloister_is(rdmsr(MSR_APIC_ID), vmcall(VMCALL_RDMSR, MSR_APIC_ID, 0, 0, 0).r11, "RDMSR of the APIC's ID");
	check_vmcalls(cases, COUNT(cases));
}

/* A quote itself is a matter of a service that the host may not have. */
static void test_quote(void)
{
	const struct leaf_case cases[] = {
		{"no buffer in private memory",
		 {.r11 = VMCALL_GET_QUOTE, .r12 = NOT_ACCEPTED, .r13 = 0x1000},
		 VMCALL_INVALID_OPERAND,
		 TDX},
		{"nor one that is not aligned",
		 {.r11 = VMCALL_GET_QUOTE, .r12 = NOT_ACCEPTED | 8 | shared_bit, .r13 = 0x1000},
		 VMCALL_INVALID_OPERAND,
		 CLOISTER},
		{"nor one without pages",
		 {.r11 = VMCALL_GET_QUOTE, .r12 = NOT_ACCEPTED | shared_bit},
		 VMCALL_INVALID_OPERAND,
		 CLOISTER},
		{"nor one of 132 KiB",
		 {.r11 = VMCALL_GET_QUOTE, .r12 = NOT_ACCEPTED | shared_bit, .r13 = 0x21000},
		 VMCALL_INVALID_OPERAND,
		 CLOISTER},
		{"nor one without RAM",
		 {.r11 = VMCALL_GET_QUOTE, .r12 = IO_APIC_INDEX | shared_bit, .r13 = 0x1000},
		 VMCALL_INVALID_OPERAND,
		 CLOISTER},
	};

	begin("Guest-Host Communication Interface, TDG.VP.VMCALL<GetQuote>: buffers");
	check_vmcalls(cases, COUNT(cases));
}

void test_vmcalls(void)
{
	test_masks();
	test_numbers();
	test_io();
	test_mmio();
	test_instructions();
	test_quote();
}
