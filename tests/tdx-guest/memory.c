/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Acceptance, and memory that guest and host share (docs/guest-abi.md, section 5). */
#include "layout.h"
#include "suite.h"

#define BYTES_2MIB   0x200000u
#define LEVEL_4KIB   0u
#define LEVEL_2MIB   1u
#define PATTERN      0x5a5ac3c30f0f9669ull
#define NO_RAM       0xfec00000ull
#define BEYOND_WIDTH (1ull << 52)

static uint64_t accept(uint64_t address, uint64_t level)
{
	return tdcall(TDG_MEM_PAGE_ACCEPT, address | level, 0, 0, 0).rax;
}

static volatile uint64_t *at(uint64_t address)
{
	return (volatile uint64_t *)address;
}

static bool holds_zeros(uint64_t address, uint64_t bytes)
{
	const volatile uint64_t *word = at(address), *const end = at(address + bytes);

	while (word < end && *word == 0)
		word++;
	return word == end;
}

/* 2 MiB: where the VMM has pages of 4 KiB alone, each of them. */
static void test_2mib(void)
{
	const uint64_t status = accept(NEW_2MIB, LEVEL_2MIB);

	if (status >> 32 == TDX_PAGE_SIZE_MISMATCH >> 32)
		return skip("TDX: 2 MiB are accepted at once", "the host has none that lie together");
	tdx_is(TDX_SUCCESS, status, "2 MiB are accepted at once");
	tdx_ok(holds_zeros(NEW_2MIB, BYTES_2MIB), "they hold zeros");
	tdx_is(TDX_PAGE_ALREADY_ACCEPTED | LEVEL_2MIB, accept(NEW_2MIB, LEVEL_2MIB), "they are accepted once");
}

static void test_acceptance(void)
{
	begin("TDX module ABI specification, TDG.MEM.PAGE.ACCEPT");
	tdx_is(TDX_SUCCESS, accept(NEW_PAGE, LEVEL_4KIB), "a page is accepted");
	tdx_ok(holds_zeros(NEW_PAGE, PAGE_BYTES), "it holds zeros");
	*at(NEW_PAGE) = PATTERN;
	tdx_is(TDX_PAGE_ALREADY_ACCEPTED, accept(NEW_PAGE, LEVEL_4KIB), "it is accepted once");
	tdx_is(PATTERN, *at(NEW_PAGE), "and keeps what the guest wrote");
	tdx_is(TDX_PAGE_ALREADY_ACCEPTED, accept(HOB_BASE, LEVEL_4KIB), "so is a page that came with the build");
	test_2mib();
}

static void test_refused_acceptance(void)
{
	const struct leaf_case cases[] = {
		{"1 GiB", {.rax = TDG_MEM_PAGE_ACCEPT, .rcx = 2}, INVALID(OPERAND_RCX), TDX},
		{"the last level", {.rax = TDG_MEM_PAGE_ACCEPT, .rcx = 7}, INVALID(OPERAND_RCX), TDX},
		{"a reserved bit", {.rax = TDG_MEM_PAGE_ACCEPT, .rcx = NOT_ACCEPTED | 8}, INVALID(OPERAND_RCX), TDX},
		{"the highest reserved bit",
		 {.rax = TDG_MEM_PAGE_ACCEPT, .rcx = NOT_ACCEPTED | 0x800},
		 INVALID(OPERAND_RCX),
		 TDX},
		{"2 MiB that are not aligned",
		 {.rax = TDG_MEM_PAGE_ACCEPT, .rcx = (NOT_ACCEPTED + PAGE_BYTES) | LEVEL_2MIB},
		 INVALID(OPERAND_RCX),
		 TDX},
		{"a shared address",
		 {.rax = TDG_MEM_PAGE_ACCEPT, .rcx = NOT_ACCEPTED | shared_bit},
		 INVALID(OPERAND_RCX),
		 TDX},
		{"beyond the width", {.rax = TDG_MEM_PAGE_ACCEPT, .rcx = BEYOND_WIDTH}, INVALID(OPERAND_RCX), TDX},
		{"no RAM", {.rax = TDG_MEM_PAGE_ACCEPT, .rcx = NO_RAM}, INVALID(OPERAND_RCX), CLOISTER},
		{"the image", {.rax = TDG_MEM_PAGE_ACCEPT, .rcx = SUITE_BASE}, INVALID(OPERAND_RCX), CLOISTER},
	};

	begin("TDX module ABI specification, TDG.MEM.PAGE.ACCEPT: what is refused");
	check_leaves(cases, COUNT(cases));
}

/* Part by part, as the host goes on (docs/guest-abi.md, section 6). */
static uint64_t map(uint64_t start, uint64_t bytes)
{
	struct gprs answer;
	uint64_t next = start;

	do {
		answer = vmcall(VMCALL_MAP_GPA, next, bytes - (next - start), 0, 0);
		next = answer.r11;
	} while (answer.r10 == VMCALL_RETRY && next > start && next - start < bytes);
	return answer.r10;
}

static void test_sharing(void)
{
	const uint64_t shared = SHARED_WINDOW + SHARED_PAGE;

	begin("Guest-Host Communication Interface, TDG.VP.VMCALL<MapGPA>");
	tdx_is(TDX_SUCCESS, accept(SHARED_PAGE, LEVEL_4KIB), "a page is private");
	*at(SHARED_PAGE) = PATTERN;
	tdx_is(VMCALL_SUCCESS, map(SHARED_PAGE | shared_bit, PAGE_BYTES), "it becomes shared");
	tdx_ok(*at(shared) != PATTERN, "the host does not get what was in it");
	*at(shared) = ~PATTERN;
	tdx_is(~PATTERN, *at(shared), "it can be written and read by the shared address");
	tdx_is(VMCALL_SUCCESS, map(SHARED_PAGE | shared_bit, PAGE_BYTES), "what is shared already is no fault");
	tdx_is(~PATTERN, *at(shared), "and is as before");
	tdx_is(VMCALL_SUCCESS, map(SHARED_PAGE, PAGE_BYTES), "it becomes private again");
	tdx_is(TDX_SUCCESS, accept(SHARED_PAGE, LEVEL_4KIB), "and has to be accepted");
	tdx_ok(holds_zeros(SHARED_PAGE, PAGE_BYTES), "it holds zeros then, nothing of the host's");
	tdx_is(PATTERN, *at(NEW_PAGE), "the page beside it is as before");
}

/* More than the host changes in one go. */
static void test_long_range(void)
{
	const uint64_t bytes = 2 * BYTES_2MIB, start = SHARED_4MIB;

	begin("Guest-Host Communication Interface, TDG.VP.VMCALL<MapGPA>: 4 MiB");
	tdx_is(VMCALL_SUCCESS, map(start | shared_bit, bytes), "they become shared");
	tdx_is(VMCALL_SUCCESS, map(start, bytes), "they become private");
	tdx_is(TDX_SUCCESS, accept(start, LEVEL_4KIB), "the first page is accepted");
	tdx_is(TDX_SUCCESS, accept(start + bytes - PAGE_BYTES, LEVEL_4KIB), "and the last one");
}

static void test_refused_ranges(void)
{
	const struct leaf_case cases[] = {
		{"a start that is not aligned",
		 {.r11 = VMCALL_MAP_GPA, .r12 = NOT_ACCEPTED | 8 | shared_bit, .r13 = PAGE_BYTES},
		 VMCALL_ALIGN_ERROR,
		 TDX},
		{"a part of a page",
		 {.r11 = VMCALL_MAP_GPA, .r12 = NOT_ACCEPTED | shared_bit, .r13 = PAGE_BYTES + 1},
		 VMCALL_ALIGN_ERROR,
		 TDX},
		{"beyond the width",
		 {.r11 = VMCALL_MAP_GPA, .r12 = BEYOND_WIDTH, .r13 = PAGE_BYTES},
		 VMCALL_INVALID_OPERAND,
		 TDX},
		{"around the end of all addresses",
		 {.r11 = VMCALL_MAP_GPA, .r12 = NOT_ACCEPTED, .r13 = -(uint64_t)PAGE_BYTES},
		 VMCALL_INVALID_OPERAND,
		 TDX},
		{"nothing",
		 {.r11 = VMCALL_MAP_GPA, .r12 = NOT_ACCEPTED | shared_bit},
		 VMCALL_INVALID_OPERAND,
		 CLOISTER},
		{"no RAM",
		 {.r11 = VMCALL_MAP_GPA, .r12 = NO_RAM | shared_bit, .r13 = PAGE_BYTES},
		 VMCALL_INVALID_OPERAND,
		 CLOISTER},
		{"the image",
		 {.r11 = VMCALL_MAP_GPA, .r12 = SUITE_BASE | shared_bit, .r13 = PAGE_BYTES},
		 VMCALL_INVALID_OPERAND,
		 CLOISTER},
	};

	begin("Guest-Host Communication Interface, TDG.VP.VMCALL<MapGPA>: what is refused");
	check_vmcalls(cases, COUNT(cases));
	tdx_is(NOT_ACCEPTED | 8, vmcall(VMCALL_MAP_GPA, NOT_ACCEPTED | 8, PAGE_BYTES, 0, 0).r11,
	       "R11 is where the range is wrong");
}

static uint64_t set_lazy(uint64_t value)
{
	return tdcall(TDG_VM_WR, 0, TD_CLOISTER_LAZY, value, 1).rax;
}

/* What the report says of it is for the guest's owner to know. */
static void test_lazy(void)
{
	static struct report report __attribute__((aligned(1024)));
	static const uint8_t no_data[REPORT_DATA_BYTES] __attribute__((aligned(64)));

	begin("docs/guest-abi.md, section 5: lazy acceptance");
	if (!on_cloister())
		return skip("Cloister: lazy acceptance", "the host is not");
	cloister_is(TDX_SUCCESS, set_lazy(1), "the guest asks for it");
	cloister_ok(holds_zeros(LAZY_PAGE, PAGE_BYTES), "a page that nobody has touched is there, and zero");
	cloister_is(TDX_PAGE_ALREADY_ACCEPTED, accept(LAZY_PAGE, LEVEL_4KIB), "it is accepted");
	(void)report_get(&report, no_data);
	cloister_is(1, report.tcb_info.domain.lazy, "reports say so");
	cloister_is(TDX_SUCCESS, set_lazy(0), "the guest asks for it no more");
	cloister_is(TDX_SUCCESS, accept(STRICT_PAGE, LEVEL_4KIB), "a page has to be accepted again");
}

void test_memory(void)
{
	test_acceptance();
	test_refused_acceptance();
	test_sharing();
	test_long_range();
	test_refused_ranges();
	test_lazy();
}
