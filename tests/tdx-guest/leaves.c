/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaves of TDCALL that answer in registers, and those that are refused (docs/guest-abi.md, section 4). */
#include "suite.h"

#define PATTERN      0x5a5ac3c30f0f9669ull
#define WIDTH_MASK   0x3full
#define LEAF_UNKNOWN 0xffffull
#define VERSION(n)   ((uint64_t)(n) << 16)

/* Registers that a leaf does not name keep their values. */
static bool others_kept(const struct gprs *r)
{
	return r->rbx == PATTERN && r->rsi == PATTERN + 1 && r->rdi == PATTERN + 2 && r->rbp == PATTERN + 3 &&
	       r->r12 == PATTERN + 4 && r->r13 == PATTERN + 5 && r->r14 == PATTERN + 6 && r->r15 == PATTERN + 7;
}

static void test_info(const struct start *start)
{
	const struct gprs info = tdcall_with((struct gprs){.rax = TDG_VP_INFO,
							   .rbx = PATTERN,
							   .rsi = PATTERN + 1,
							   .rdi = PATTERN + 2,
							   .rbp = PATTERN + 3,
							   .r12 = PATTERN + 4,
							   .r13 = PATTERN + 5,
							   .r14 = PATTERN + 6,
							   .r15 = PATTERN + 7});
	const uint32_t count = (uint32_t)info.r8, most = (uint32_t)(info.r8 >> 32);

	begin("TDX module ABI specification, TDG.VP.INFO");
	tdx_is(TDX_SUCCESS, info.rax, "it succeeds");
	tdx_is(start->gpa_bits & WIDTH_MASK, info.rcx & WIDTH_MASK,
	       "the width of addresses is that of the start (RBX)");
	tdx_is(info.rcx & WIDTH_MASK, info.rcx, "RCX has nothing else");
	tdx_ok(count >= 1 && count <= most, "there are vCPUs, and no more than the most");
	tdx_is(start->index, info.r9 & UINT32_MAX, "the index of the vCPU is that of the start (RSI)");
	tdx_is(0, start->index, "which is 0 for the first one");
	tdx_is(0, info.r11, "R11 is 0");
	tdx_ok(others_kept(&info), "no other register changes");
	cloister_is(1ull << 28, info.rdx, "the attributes are SEPT_VE_DISABLE");
	cloister_is(0, info.r10, "R10 is 0");
	cloister_is(0, info.r9, "the index has 64 bits");
}

static void test_refused_leaves(void)
{
	static const struct leaf_case cases[] = {
		{"an unknown leaf is refused", {.rax = LEAF_UNKNOWN}, INVALID(OPERAND_RAX), TDX},
		{"so is a version that no leaf has", {.rax = TDG_VP_INFO | VERSION(255)}, INVALID(OPERAND_RAX), TDX},
		{"so is a bit of RAX that is reserved", {.rax = TDG_VP_INFO | 1ull << 63}, INVALID(OPERAND_RAX), TDX},
		{"so is version 1 of TDG.VP.INFO", {.rax = TDG_VP_INFO | VERSION(1)}, INVALID(OPERAND_RAX), CLOISTER},
		{"so are leaves that come after TDG.VP.WR", {.rax = 11}, INVALID(OPERAND_RAX), CLOISTER},
	};

	begin("TDX module ABI specification, TDCALL instruction: leaf and version");
	check_leaves(cases, COUNT(cases));
}

static void test_cpuidve(void)
{
	static const struct leaf_case cases[] = {
		{"TDG.VP.CPUIDVE.SET: none", {.rax = TDG_VP_CPUIDVE_SET}, TDX_SUCCESS, TDX},
		{"a reserved bit is refused", {.rax = TDG_VP_CPUIDVE_SET, .rcx = 4}, INVALID(OPERAND_RCX), TDX},
		{"so is the highest one", {.rax = TDG_VP_CPUIDVE_SET, .rcx = 1ull << 63}, INVALID(OPERAND_RCX), TDX},
	};

	begin("TDX module ABI specification, TDG.VP.CPUIDVE.SET");
	check_leaves(cases, COUNT(cases));
}

/* Without a #VE; virtualization.c has those with one. */
static void test_veinfo(void)
{
	const struct gprs info = tdcall(TDG_VP_VEINFO_GET, PATTERN, PATTERN, PATTERN, PATTERN);

	begin("TDX module ABI specification, TDG.VP.VEINFO.GET");
	tdx_is(TDX_NO_VALID_VE_INFO, info.rax, "without a #VE there is no information");
	cloister_ok((info.rcx | info.rdx | info.r8 | info.r9 | info.r10) == 0, "and each register is 0");
}

/* A write that changes no bit: R8 is the value as it was. */
static struct gprs field_write(uint64_t field, uint64_t value, uint64_t mask)
{
	return tdcall(TDG_VM_WR, 0, field, value, mask);
}

static void test_fields(void)
{
	const struct gprs attributes = tdcall(TDG_VM_RD, 0, TD_ATTRIBUTES, PATTERN, 0);
	const struct gprs none = tdcall(TDG_VM_RD, 0, 0, PATTERN, 0);
	const struct gprs controls = tdcall(TDG_VM_RD, 0, TD_CTLS, 0, 0);

	begin("TDX module ABI specification, TDG.VM.RD and TDG.VM.WR");
	tdx_is(TDX_SUCCESS, attributes.rax, "the attributes can be read");
	tdx_is(tdcall(TDG_VP_INFO, 0, 0, 0, 0).rdx, attributes.r8, "and are those of TDG.VP.INFO");
	tdx_is(TDX_FIELD_ID_INCORRECT >> 32, none.rax >> 32, "a field that there is not is refused");
	tdx_is(0, none.r8, "and R8 is 0 then");
	tdx_is(TDX_FIELD_NOT_WRITABLE >> 32, field_write(TD_ATTRIBUTES, 0, ~0ull).rax >> 32,
	       "the attributes cannot be written");
	tdx_is(TDX_SUCCESS, field_write(TD_NOTIFY_ENABLES, 0, 1).rax, "notifications can be off");
	cloister_is(TDX_SUCCESS, controls.rax, "the controls can be read");
	cloister_is(1, controls.r8, "and start as 1: pending pages raise no #VE");
	cloister_is(1, field_write(TD_CTLS, 2, 2).r8, "a write answers the value as it was");
	cloister_is(3, tdcall(TDG_VM_RD, 0, TD_CTLS, 0, 0).r8, "and changes the bits of its mask");
	cloister_is(3, field_write(TD_CTLS, 0, 2).r8, "and back");
	cloister_is(CONFIG_FLEXIBLE_PENDING_VE, tdcall(TDG_VM_RD, 0, TD_CONFIG_FLAGS, 0, 0).r8,
		    "the flags say that the controls are there");
	cloister_is(1, tdcall(TDG_VM_RD, 0, TD_TOPOLOGY_CONFIGURED, 0, 0).r8, "the topology is configured");
	cloister_is(0, tdcall(TDG_VM_RD, 0, TD_CLOISTER_LAZY, 0, 0).r8, "acceptance is not lazy at first");
}

#define WRITE(field, value, mask) {.rax = TDG_VM_WR, .rdx = (field), .r8 = (value), .r9 = (mask)}

static void test_refused_fields(void)
{
	static const struct leaf_case cases[] = {
		{"a field of no domain: RCX is 0",
		 {.rax = TDG_VM_RD, .rcx = 1, .rdx = TD_ATTRIBUTES},
		 INVALID(OPERAND_RCX),
		 CLOISTER},
		{"the flags are not written", WRITE(TD_CONFIG_FLAGS, 0, ~0ull), TDX_FIELD_NOT_WRITABLE, CLOISTER},
		{"nor the topology", WRITE(TD_TOPOLOGY_CONFIGURED, 0, 1), TDX_FIELD_NOT_WRITABLE, CLOISTER},
		{"pending pages never raise #VE", WRITE(TD_CTLS, 0, 1), TDX_FIELD_VALUE_NOT_VALID, CLOISTER},
		{"an unknown control is not set", WRITE(TD_CTLS, 16, 16), TDX_FIELD_VALUE_NOT_VALID, CLOISTER},
		{"nor a notification", WRITE(TD_NOTIFY_ENABLES, 1, 1), TDX_FIELD_VALUE_NOT_VALID, CLOISTER},
		{"acceptance is lazy or not", WRITE(TD_CLOISTER_LAZY, 2, 2), TDX_FIELD_VALUE_NOT_VALID, CLOISTER},
		{"vCPUs have no fields to read", {.rax = TDG_VP_RD, .rdx = 0}, TDX_FIELD_ID_INCORRECT, CLOISTER},
		{"nor to write", {.rax = TDG_VP_WR, .rdx = 0}, TDX_FIELD_ID_INCORRECT, CLOISTER},
	};

	begin("docs/guest-abi.md, section 4: fields that are refused");
	check_leaves(cases, COUNT(cases));
}

void test_leaves(const struct start *start)
{
	test_info(start);
	test_refused_leaves();
	test_cpuidve();
	test_veinfo();
	test_fields();
	test_refused_fields();
}
