/* SPDX-License-Identifier: GPL-2.0-or-later */
/* #VE: when it comes, and what it says (docs/guest-abi.md, section 8). */
#include "layout.h"
#include "suite.h"

#define VEC_VE        20u
#define PORT_SCRATCH  0x3ffu /* of the first serial port */
#define RFLAGS_RF     (1ull << 16)
#define QUALIFIER_IN  (1ull << 3)
#define QUALIFIER_STR (1ull << 4)
#define QUALIFIER_REP (1ull << 5)
#define SCRATCH       ((uint64_t)PORT_SCRATCH << 16)

/* Exit qualification of an access to memory (SDM 3C table 29-7). */
#define ACCESS_READ   1ull
#define ACCESS_WRITE  2ull
#define ACCESS_LINEAR (3ull << 7)

FORM(form_out8, "outb %al, %dx");
FORM(form_out16, "outw %ax, %dx");
FORM(form_out32, "outl %eax, %dx");
FORM(form_in8, "inb %dx, %al");
FORM(form_in16, "inw %dx, %ax");
FORM(form_in32, "inl %dx, %eax");
FORM(form_outs, "outsb");
FORM(form_ins, "insb");
FORM(form_rep_outs, "rep outsw");
FORM(form_load, "movl (%rax), %ecx");
FORM(form_store, "movl %ecx, (%rax)");
FORM(form_store8, "movb %cl, (%rax)");

static uint8_t text[4];

static const struct port_case {
	const char *name;
	const void *form;
	uint64_t qualification, length;
} port_cases[] = {
	{"OUT of a byte", form_out8, SCRATCH | 0, 1},
	{"OUT of a word", form_out16, SCRATCH | 1, 2},
	{"OUT of 4 bytes", form_out32, SCRATCH | 3, 1},
	{"IN of a byte", form_in8, SCRATCH | QUALIFIER_IN, 1},
	{"IN of a word", form_in16, SCRATCH | QUALIFIER_IN | 1, 2},
	{"IN of 4 bytes", form_in32, SCRATCH | QUALIFIER_IN | 3, 1},
	{"OUTS", form_outs, SCRATCH | QUALIFIER_STR, 1},
	{"INS", form_ins, SCRATCH | QUALIFIER_STR | QUALIFIER_IN, 1},
	{"REP OUTS", form_rep_outs, SCRATCH | QUALIFIER_STR | QUALIFIER_REP | 1, 3},
};

static void test_port(const struct port_case *c)
{
	const uint64_t address = (uint64_t)text;
	const struct gprs registers = {.rdx = PORT_SCRATCH, .rsi = address, .rdi = address, .rcx = 2};
	const bool raised = raises(c->form, registers, VEC_VE);
	const struct gprs info = tdcall(TDG_VP_VEINFO_GET, 0, 0, 0, 0);

	diag("%s", c->name);
	tdx_ok(raised, "it is a #VE at the instruction");
	tdx_is(TDX_SUCCESS, info.rax, "there is information");
	tdx_is(VE_REASON_IO, info.rcx, "the reason is 30");
	tdx_is(c->qualification, info.rdx, "size, direction, string, repetition and port are right");
	tdx_is(c->length, info.r10 & UINT32_MAX, "so is the instruction's length");
	cloister_ok((info.r8 | info.r9) == 0, "there is no address");
}

static void test_ports(void)
{
	begin("TDX module base specification, \"#VE\"; SDM 3C table 29-5: port I/O");
	for (uint32_t i = 0; i < COUNT(port_cases); i++)
		test_port(&port_cases[i]);
	tdx_is(TDX_NO_VALID_VE_INFO, tdcall(TDG_VP_VEINFO_GET, 0, 0, 0, 0).rax, "the information is given once");
	tdx_ok((trapped_rflags & RFLAGS_RF) != 0, "RFLAGS on the stack has RF, as of a fault");
	tdx_ok((trapped_rflags & RFLAGS_IF) == 0, "it comes whatever RFLAGS.IF says");
}

/* AMD-V does not say which linear address it was: an address that no program can have, with the physical one. */
static bool linear_is(uint64_t linear, uint64_t expected, uint64_t physical)
{
	return linear == expected || linear == (0xffff800000000000 | physical);
}

static void test_access(const char *name, const void *form, uint64_t offset, uint64_t kind)
{
	const struct gprs registers = {.rax = DEVICE_WINDOW + offset};
	const uint64_t physical = (DEVICE_BASE + offset) | shared_bit;
	const bool raised = raises(form, registers, VEC_VE);
	const struct gprs info = tdcall(TDG_VP_VEINFO_GET, 0, 0, 0, 0);

	diag("%s", name);
	tdx_ok(raised, "it is a #VE at the instruction");
	tdx_is(TDX_SUCCESS, info.rax, "there is information");
	tdx_is(VE_REASON_MMIO, info.rcx, "the reason is 48");
	tdx_is(kind, info.rdx & (ACCESS_READ | ACCESS_WRITE), "it says whether it is a read or a write");
	tdx_is(physical, info.r9, "the address is the guest's physical one, with the shared bit");
	cloister_is(kind | ACCESS_LINEAR, info.rdx, "the qualification has nothing else");
	cloister_ok(linear_is(info.r8, registers.rax, physical), "the linear address is the access's, or no program's");
	cloister_is(0, info.r10, "it has no length");
}

static void test_device(void)
{
	begin("TDX module base specification, \"#VE\"; SDM 3C table 29-7: a device's register");
	test_access("a load", form_load, 0x10, ACCESS_READ);
	test_access("a store", form_store, 0x10, ACCESS_WRITE);
	test_access("a store of a byte at the end of a page", form_store8, 0xfff, ACCESS_WRITE);
	test_access("a load of another page", form_load, 0x1000, ACCESS_READ);
}

/* A second one has nowhere to go. */
static void test_nested(void)
{
	const struct gprs registers = {.rdx = PORT_SCRATCH};
	const bool first = raises(form_out8, registers, VEC_VE), second = raises(form_in8, registers, VEC_DF);
	const struct gprs info = tdcall(TDG_VP_VEINFO_GET, 0, 0, 0, 0);

	begin("TDX module base specification, \"#VE\": nested ones");
	tdx_ok(first && second, "a #VE before the last one was looked at is a double fault");
	tdx_is(SCRATCH, info.rdx, "the information is that of the first one");
	tdx_ok(raises(form_in8, registers, VEC_VE), "after that it is a #VE again");
	tdx_is(SCRATCH | QUALIFIER_IN, tdcall(TDG_VP_VEINFO_GET, 0, 0, 0, 0).rdx, "with its own information");
}

void test_virtualization_exceptions(void)
{
	test_ports();
	test_device();
	test_nested();
}
