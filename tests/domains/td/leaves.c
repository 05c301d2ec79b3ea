/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "leaves.h"

#include "script.h"

#include "paging.h"
#include "tap.h"

#define BATCH    30u /* what a guest can tell */
#define RAM_END  0x400000ul
#define FIRMWARE 0xffe00000ul
#define TOO_WIDE (1ul << 52)

/* A call, what it is about, and its answer: RAX, or of a VMCALL its status. */
struct leaf_case {
	const char *name;
	struct op op;
	uint64_t expected;
};

#define RCX_INVALID (TDX_OPERAND_INVALID | OPERAND_RCX)
#define RDX_INVALID (TDX_OPERAND_INVALID | OPERAND_RDX)
#define R8_INVALID  (TDX_OPERAND_INVALID | OPERAND_R8)

/* None of the calls leaves the guest: it comes to its end at once. */
static void test_batch(const struct leaf_case *cases, unsigned count, bool vmcalls)
{
	struct op ops[BATCH + 1] = {{0}};

	for (unsigned i = 0; i < count; i++)
		ops[i] = cases[i].op;
	if (!ok(start(1, ops, count + 1) && run_to_end(&built, 0), "a guest makes %u calls that are refused", count))
		return;
	for (unsigned i = 0; i < count; i++)
		ok(vmcalls ? vmcall_tells(cases[i].expected) : tells(cases[i].expected), "%s", cases[i].name);
	gone();
}

static void test_cases(const char *name, const struct leaf_case *cases, unsigned count, bool vmcalls)
{
	begin(name);
	for (unsigned i = 0; i < count; i += BATCH)
		test_batch(cases + i, count - i < BATCH ? count - i : BATCH, vmcalls);
}

/* Addresses that are none for a leaf's data, whatever the alignment. */
#define BAD_PLACES(name, expected, call)                                                        \
	{name ": absent memory", TDCALL(call(HOLE)), expected},                                 \
		{name ": a shared address", TDCALL(call(GUEST_REPORT | shared_bit)), expected}, \
		{name ": no RAM", TDCALL(call(NO_RAM)), expected},                              \
		{name ": beyond the width", TDCALL(call(TOO_WIDE)), expected},                  \
	{                                                                                       \
		name ": the last address", TDCALL(call(-4096ul)), expected                      \
	}

#define EXTEND_FROM(address) TDG_MR_RTMR_EXTEND, address, 3
#define REPORT_TO(address)   TDG_MR_REPORT, address, GUEST_REPORT_DATA
#define REPORT_FROM(address) TDG_MR_REPORT, GUEST_REPORT, address
#define VERIFY_AT(address)   TDG_MR_VERIFYREPORT, address

static void test_memory_operands(void)
{
	const struct leaf_case cases[] = {
		BAD_PLACES("RTMR.EXTEND", RCX_INVALID, EXTEND_FROM),
		{"RTMR.EXTEND: not aligned", TDCALL(TDG_MR_RTMR_EXTEND, GUEST_SCRATCH + 32, 3), RCX_INVALID},
		{"RTMR.EXTEND: RTMR 4", TDCALL(TDG_MR_RTMR_EXTEND, GUEST_SCRATCH, 4), RDX_INVALID},
		{"RTMR.EXTEND: RTMR 2^32", TDCALL(TDG_MR_RTMR_EXTEND, GUEST_SCRATCH, 1ul << 32), RDX_INVALID},
		BAD_PLACES("MR.REPORT", RCX_INVALID, REPORT_TO),
		{"MR.REPORT: not aligned", TDCALL(TDG_MR_REPORT, GUEST_REPORT + 512, GUEST_REPORT_DATA), RCX_INVALID},
		BAD_PLACES("MR.REPORT's data", RDX_INVALID, REPORT_FROM),
		{"MR.REPORT's data: not aligned", TDCALL(TDG_MR_REPORT, GUEST_REPORT, GUEST_REPORT_DATA + 32),
		 RDX_INVALID},
		{"MR.REPORT: type 1", TDCALL(TDG_MR_REPORT, GUEST_REPORT, GUEST_REPORT_DATA, 1), R8_INVALID},
		{"MR.REPORT: type 2^63", TDCALL(TDG_MR_REPORT, GUEST_REPORT, GUEST_REPORT_DATA, 1ul << 63), R8_INVALID},
		BAD_PLACES("MR.VERIFYREPORT", RCX_INVALID, VERIFY_AT),
		{"MR.VERIFYREPORT: not aligned", TDCALL(TDG_MR_VERIFYREPORT, GUEST_REPORT + 128), RCX_INVALID},
		{"MR.VERIFYREPORT: no report", TDCALL(TDG_MR_VERIFYREPORT, GUEST_REPORT), RCX_INVALID},
	};

	test_cases("operands in memory", cases, COUNT(cases), false);
}

static void test_acceptance(void)
{
	const struct leaf_case cases[] = {
		{"ACCEPT: level 2", ACCEPT(0 | 2), RCX_INVALID},
		{"ACCEPT: level 3", ACCEPT(0 | 3), RCX_INVALID},
		{"ACCEPT: level 7", ACCEPT(0 | 7), RCX_INVALID},
		{"ACCEPT: bit 3", ACCEPT(HOLE | 8), RCX_INVALID},
		{"ACCEPT: bit 11", ACCEPT(HOLE | 0x800), RCX_INVALID},
		{"ACCEPT: 2 MiB that are not aligned", ACCEPT(HOLE | 1), RCX_INVALID},
		{"ACCEPT: a shared address", ACCEPT(HOLE | shared_bit), RCX_INVALID},
		{"ACCEPT: no RAM", ACCEPT(NO_RAM), RCX_INVALID},
		{"ACCEPT: the end of RAM", ACCEPT(RAM_END), RCX_INVALID},
		{"ACCEPT: 2 MiB beyond RAM", ACCEPT(RAM_END | 1), RCX_INVALID},
		{"ACCEPT: the firmware's range", ACCEPT(FIRMWARE), RCX_INVALID},
		{"ACCEPT: beyond the width", ACCEPT(TOO_WIDE), RCX_INVALID},
		{"ACCEPT: the last address", ACCEPT(-4096ul), RCX_INVALID},
		{"ACCEPT: a page of the build", ACCEPT(GUEST_LIST), TDX_PAGE_ALREADY_ACCEPTED},
	};

	test_cases("acceptance", cases, COUNT(cases), false);
}

static void test_fields(void)
{
	const struct leaf_case cases[] = {
		{"leaf 11", TDCALL(11), TDX_OPERAND_INVALID},
		{"leaf 21", TDCALL(21), TDX_OPERAND_INVALID},
		{"leaf 23", TDCALL(23), TDX_OPERAND_INVALID},
		{"leaf 2^32", TDCALL(1ul << 32 | TDG_VP_INFO), TDX_OPERAND_INVALID},
		{"version 1 of INFO", TDCALL(1 << 16 | TDG_VP_INFO), TDX_OPERAND_INVALID},
		{"version 255 of VM.RD", TDCALL(0xff << 16 | TDG_VM_RD, 0, TD_ATTRIBUTES), TDX_OPERAND_INVALID},
		{"VEINFO.GET without a #VE", TDCALL(TDG_VP_VEINFO_GET), TDX_NO_VALID_VE_INFO},
		{"CPUIDVE.SET: 4", TDCALL(TDG_VP_CPUIDVE_SET, 4), RCX_INVALID},
		{"CPUIDVE.SET: 2^63", TDCALL(TDG_VP_CPUIDVE_SET, 1ul << 63), RCX_INVALID},
		{"VP.RD", TDCALL(TDG_VP_RD, 0, TD_ATTRIBUTES), TDX_FIELD_ID_INCORRECT},
		{"VP.WR", TDCALL(TDG_VP_WR, 0, TD_CTLS, 1, 1), TDX_FIELD_ID_INCORRECT},
		{"VM.RD: another domain's", TDCALL(TDG_VM_RD, 1, TD_ATTRIBUTES), RCX_INVALID},
		{"VM.RD: field 0", TDCALL(TDG_VM_RD, 0, 0), TDX_FIELD_ID_INCORRECT},
		{"VM.RD: the last field", TDCALL(TDG_VM_RD, 0, ~0ul), TDX_FIELD_ID_INCORRECT},
		{"VM.RD: the next field", TDCALL(TDG_VM_RD, 0, TD_ATTRIBUTES + 1), TDX_FIELD_ID_INCORRECT},
		{"VM.WR: another domain's", TDCALL(TDG_VM_WR, 1, TD_CTLS, 1, 1), RCX_INVALID},
		{"VM.WR: field 0", TDCALL(TDG_VM_WR, 0, 0, 1, 1), TDX_FIELD_ID_INCORRECT},
		{"VM.WR: the attributes", TDCALL(TDG_VM_WR, 0, TD_ATTRIBUTES, 0, ~0ul), TDX_FIELD_NOT_WRITABLE},
		{"VM.WR: the flags", TDCALL(TDG_VM_WR, 0, TD_CONFIG_FLAGS, 0, ~0ul), TDX_FIELD_NOT_WRITABLE},
		{"VM.WR: the topology", TDCALL(TDG_VM_WR, 0, TD_TOPOLOGY_CONFIGURED, 0, 1), TDX_FIELD_NOT_WRITABLE},
		{"VM.WR: no #VE for pending pages", TDCALL(TDG_VM_WR, 0, TD_CTLS, 0, 1), TDX_FIELD_VALUE_NOT_VALID},
		{"VM.WR: an unknown control", TDCALL(TDG_VM_WR, 0, TD_CTLS, 16, 16), TDX_FIELD_VALUE_NOT_VALID},
		{"VM.WR: the last control", TDCALL(TDG_VM_WR, 0, TD_CTLS, 1ul << 63, 1ul << 63),
		 TDX_FIELD_VALUE_NOT_VALID},
		{"VM.WR: a notification", TDCALL(TDG_VM_WR, 0, TD_NOTIFY_ENABLES, 1, 1), TDX_FIELD_VALUE_NOT_VALID},
		{"VM.WR: the old notification", TDCALL(TDG_VM_WR, 0, TD_NOTIFY_ENABLES_OLD, 1, 1),
		 TDX_FIELD_VALUE_NOT_VALID},
		{"VM.WR: lazy acceptance 2", TDCALL(TDG_VM_WR, 0, TD_CLOISTER_LAZY, 2, 2), TDX_FIELD_VALUE_NOT_VALID},
	};

	test_cases("leaves and fields", cases, COUNT(cases), false);
}

#define VMCALL_MASKED(mask, ...) TDCALL(TDG_VP_VMCALL, mask, 0, 0, 0, __VA_ARGS__)

static void test_masks(void)
{
	const struct leaf_case cases[] = {
		{"VMCALL that passes RAX", VMCALL_MASKED(0xffcc | 1, 0, VMCALL_GET_INFO), RCX_INVALID},
		{"VMCALL that passes RCX", VMCALL_MASKED(0xffcc | 2, 0, VMCALL_GET_INFO), RCX_INVALID},
		{"VMCALL that passes RSP", VMCALL_MASKED(0xffcc | 1 << 4, 0, VMCALL_GET_INFO), RCX_INVALID},
		{"VMCALL that passes RBP", VMCALL_MASKED(0xffcc | 1 << 5, 0, VMCALL_GET_INFO), RCX_INVALID},
		{"VMCALL that passes XMM0", VMCALL_MASKED(0xffcc | 1 << 16, 0, VMCALL_GET_INFO), RCX_INVALID},
		{"VMCALL that passes bit 63", VMCALL_MASKED(0xffcc | 1ul << 63, 0, VMCALL_GET_INFO), RCX_INVALID},
	};

	test_cases("masks of VMCALL", cases, COUNT(cases), false);
}

#define BAD VMCALL_INVALID_OPERAND

static void test_sub_functions(void)
{
	const struct leaf_case cases[] = {
		{"VMCALL without R10", VMCALL_MASKED(0xfbcc, 0, VMCALL_GET_INFO), BAD},
		{"VMCALL without R15", VMCALL_MASKED(0x7fcc, 0, VMCALL_GET_INFO), BAD},
		{"VMCALL without registers", VMCALL_MASKED(0, 0, VMCALL_GET_INFO), BAD},
		{"VMCALL of somebody's own", VMCALL(1, VMCALL_GET_INFO), BAD},
		{"VMCALL of number 2^63", VMCALL(1ul << 63, VMCALL_GET_INFO), BAD},
		{"sub-function 0", VMCALL(0, 0), VMCALL_SUBFUNC_UNSUPPORTED},
		{"sub-function 0x10004", VMCALL(0, 0x10004), VMCALL_SUBFUNC_UNSUPPORTED},
		{"sub-function 2^32", VMCALL(0, 1ul << 32 | VMCALL_GET_INFO), VMCALL_SUBFUNC_UNSUPPORTED},
		{"the last sub-function", VMCALL(0, ~0ul), VMCALL_SUBFUNC_UNSUPPORTED},
		{"IO of 0 bytes", VMCALL(0, VMCALL_IO, 0, 0, 0x60, 0), BAD},
		{"IO of 3 bytes", VMCALL(0, VMCALL_IO, 3, 0, 0x60, 0), BAD},
		{"IO of 8 bytes", VMCALL(0, VMCALL_IO, 8, 0, 0x60, 0), BAD},
		{"IO of 2^32 bytes", VMCALL(0, VMCALL_IO, 1ul << 32 | 1, 0, 0x60, 0), BAD},
		{"IO in no direction", VMCALL(0, VMCALL_IO, 1, 2, 0x60, 0), BAD},
		{"IO at port 0x10000", VMCALL(0, VMCALL_IO, 1, 0, 0x10000, 0), BAD},
		{"IO at the last port", VMCALL(0, VMCALL_IO, 1, 0, ~0ul, 0), BAD},
		{"RDMSR of an unknown register", VMCALL(0, VMCALL_RDMSR, 0x122), BAD},
		{"RDMSR beyond 32 bits", VMCALL(0, VMCALL_RDMSR, 1ul << 32 | 0x1b), BAD},
		{"WRMSR of an unknown register", VMCALL(0, VMCALL_WRMSR, 0x122, 0), BAD},
		{"WRMSR beyond 32 bits", VMCALL(0, VMCALL_WRMSR, 1ul << 32 | 0x80b, 0), BAD},
		{"WRMSR of the TSC", VMCALL(0, VMCALL_WRMSR, 0x10, 0), BAD},
		{"WRMSR of EFER.SVME", VMCALL(0, VMCALL_WRMSR, 0xc0000080, 0x1d01), BAD},
		{"WRMSR of a bad PAT", VMCALL(0, VMCALL_WRMSR, 0x277, 2), BAD},
	};

	test_cases("sub-functions", cases, COUNT(cases), true);
}

static void test_ranges(void)
{
	const struct leaf_case cases[] = {
		{"MMIO of 0 bytes", VMCALL(0, VMCALL_MMIO, 0, 0, NO_RAM | shared_bit, 0), BAD},
		{"MMIO of 3 bytes", VMCALL(0, VMCALL_MMIO, 3, 0, NO_RAM | shared_bit, 0), BAD},
		{"MMIO of 16 bytes", VMCALL(0, VMCALL_MMIO, 16, 0, NO_RAM | shared_bit, 0), BAD},
		{"MMIO in no direction", VMCALL(0, VMCALL_MMIO, 4, 2, NO_RAM | shared_bit, 0), BAD},
		{"MMIO at a private address", VMCALL(0, VMCALL_MMIO, 4, 0, NO_RAM, 0), BAD},
		{"MMIO at RAM", VMCALL(0, VMCALL_MMIO, 4, 0, HOLE | shared_bit, 0), BAD},
		{"MMIO across pages", VMCALL(0, VMCALL_MMIO, 4, 0, (NO_RAM + 0xffe) | shared_bit, 0), BAD},
		{"MMIO beyond the width", VMCALL(0, VMCALL_MMIO, 4, 0, TOO_WIDE | shared_bit, 0), BAD},
		{"MapGPA not aligned", VMCALL(0, VMCALL_MAP_GPA, HOLE | 8 | shared_bit, 0x1000), VMCALL_ALIGN_ERROR},
		{"MapGPA of a part", VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, 0x1001), VMCALL_ALIGN_ERROR},
		{"MapGPA of nothing", VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, 0), BAD},
		{"MapGPA of no RAM", VMCALL(0, VMCALL_MAP_GPA, NO_RAM | shared_bit, 0x1000), BAD},
		{"MapGPA of the firmware's range", VMCALL(0, VMCALL_MAP_GPA, FIRMWARE | shared_bit, 0x1000), BAD},
		{"MapGPA across the end of RAM", VMCALL(0, VMCALL_MAP_GPA, (RAM_END - 0x1000) | shared_bit, 0x2000),
		 BAD},
		{"MapGPA around the end", VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, -4096ul), BAD},
		{"MapGPA into the shared half", VMCALL(0, VMCALL_MAP_GPA, HOLE, shared_bit), BAD},
		{"MapGPA beyond the width", VMCALL(0, VMCALL_MAP_GPA, TOO_WIDE, 0x1000), BAD},
		{"GetQuote not aligned", VMCALL(0, VMCALL_GET_QUOTE, HOLE | 8 | shared_bit, 0x1000), BAD},
		{"GetQuote of a part", VMCALL(0, VMCALL_GET_QUOTE, HOLE | shared_bit, 0x1001), BAD},
		{"GetQuote of nothing", VMCALL(0, VMCALL_GET_QUOTE, HOLE | shared_bit, 0), BAD},
		{"GetQuote of 132 KiB", VMCALL(0, VMCALL_GET_QUOTE, HOLE | shared_bit, 0x21000), BAD},
		{"GetQuote of private memory", VMCALL(0, VMCALL_GET_QUOTE, HOLE, 0x1000), BAD},
		{"GetQuote of no RAM", VMCALL(0, VMCALL_GET_QUOTE, NO_RAM | shared_bit, 0x1000), BAD},
		{"GetQuote across the end of RAM", VMCALL(0, VMCALL_GET_QUOTE, (RAM_END - 0x1000) | shared_bit, 0x2000),
		 BAD},
		{"GetQuote beyond the width", VMCALL(0, VMCALL_GET_QUOTE, TOO_WIDE, 0x1000), BAD},
	};

	test_cases("ranges", cases, COUNT(cases), true);
}

void test_all_leaves(void)
{
	test_memory_operands();
	test_acceptance();
	test_fields();
	test_masks();
	test_sub_functions();
	test_ranges();
}
