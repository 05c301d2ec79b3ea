/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/support/reports.c */
/* links: hv/domain/ hv/attest/sha384.c hv/machine/ram.c hv/machine/features.c hv/lib/wipe.c hv/vcpu/event.c */
/* links: tests/unit/support/guest_vcpu.c */
/*
 * TDG.VP.VMCALL: each sub-function with good and bad arguments, what the host learns, and what its answer can change.
 * All registers hold secrets before each call: the exit record is compared as a whole.
 */
#include "hv_test.h"

#include "domain/tdcall.h"
#include "guest_vcpu.h"
#include "vcpu/guest_exit.h"
#include "x86/msr.h"

#define INVALID_OPERAND 0x8000000000000000ull
#define ALIGN_ERROR     0x8000000000000002ull
#define UNSUPPORTED     0x8000000000000003ull
#define S               DOMAIN_SHARED_BIT
#define MASK            0xffccull
#define MASK_SHORT      0xfc00ull

static struct registers *guest;

static int start(void **state)
{
	(void)bed_start(state);
	assert_true(bed_enter(0, 0));
	bed.machine.boot.ram_leaf_bytes = BOOT_LEAF_2MIB;
	guest = bed_registers(0);
	return 0;
}

static void call_with(uint64_t mask, uint64_t function, uint64_t r12, uint64_t r13, uint64_t r14, uint64_t r15)
{
	bed_secrets();
	guest->rax = guest->r10 = 0;
	guest->rcx = mask;
	guest->r11 = function;
	guest->r12 = r12;
	guest->r13 = r13;
	guest->r14 = r14;
	guest->r15 = r15;
	bed.before = *guest;
	tdcall(bed_guest(0));
}

static void call(uint64_t function, uint64_t r12, uint64_t r13, uint64_t r14, uint64_t r15)
{
	call_with(MASK, function, r12, r13, r14, r15);
}

static void assert_done(uint64_t status, unsigned mask)
{
	assert_non_null(bed.cpu[0].guest);
	assert_int_equal(guest->rax, 0);
	assert_int_equal(guest->r10, status);
	assert_int_equal(bed.fake[0].advanced, 4);
	assert_int_equal(bed.fake[0].exception, -1);
	bed_assert_changed(mask | BIT(R10));
}

/* The host answers, and the guest goes on. */
static void answer(uint64_t value, uint64_t failed)
{
	bed_run_page(0)->entry.value = value;
	bed_run_page(0)->entry.failed = failed;
	assert_int_equal(bed.fake[0].advanced, 4); /* complete before the vCPU was left */
	assert_true(bed_enter(0, 0));
}

static void masks(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		const bool allowed = i < 16 && (MASK >> i & 1) != 0;

		bed_secrets();
		guest->rax = 0;
		guest->rcx = MASK | 1ull << i;
		guest->r10 = 0;
		guest->r11 = 54;
		bed.before = *guest;
		tdcall(bed_guest(0));
		assert_int_equal(guest->rax, allowed ? 0 : 0xc000010000000001);
		assert_int_equal(bed.fake[0].advanced, 4);
		bed_assert_changed(BIT(RAX));
	}
}

/* What is not passed is no argument. */
static void arguments_are_passed(void **state)
{
	(void)state;
	for (unsigned i = 10; i < 16; i++) {
		call_with(MASK_SHORT & ~(1ull << i), 30, 1, 1, 0x3f8, 0x41);
		assert_done(INVALID_OPERAND, 0);
	}
	call_with(MASK_SHORT, 54, 0, 0, 0, 0);
	assert_done(0, 0);
}

static void calls_of_others(void **state)
{
	static const uint64_t numbers[] = {1, 0x10001, 1ull << 32, 1ull << 63};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		bed_secrets();
		guest->rax = 0;
		guest->rcx = MASK;
		guest->r10 = numbers[i];
		guest->r11 = 30;
		bed.before = *guest;
		tdcall(bed_guest(0));
		assert_done(INVALID_OPERAND, 0);
	}
}

static bool is_served(uint64_t function)
{
	return function == 10 || function == 12 || function == 48 || function == 54 ||
	       (function >= 30 && function <= 32) || (function >= 0x10000 && function <= 0x10003);
}

static void unknown_functions(void **state)
{
	(void)state;
	for (uint64_t function = 0; function < 0x10100; function++) {
		if (is_served(function))
			continue;
		call(function, 0, 0, 0, 0);
		assert_done(UNSUPPORTED, 0);
	}
	call(1ull << 32 | 30, 1, 0, 0x3f8, 0);
	assert_done(UNSUPPORTED, 0);
}

static void port_reads(void **state)
{
	static const struct {
		uint64_t bytes, port, value;
	} rows[] = {{1, 0x3f8, 0xef}, {2, 0xffff, 0xcdef}, {4, 0xcf8, 0x89abcdef}, {1, 0, 0xef}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		call(30, rows[i].bytes, 0, rows[i].port, 0x5ec4e7);
		bed_assert_exit(&(struct domain_run){
			.exit = {.kind = DOMAIN_EXIT_IO, .bytes = (uint32_t)rows[i].bytes, .address = rows[i].port}});
		answer(0x0123456789abcdef, 0);
		assert_int_equal(guest->r10, 0);
		assert_int_equal(guest->r11, rows[i].value);
		bed_assert_changed(BIT(R11));
	}
}

static void port_writes(void **state)
{
	static const struct {
		uint64_t bytes, value;
	} rows[] = {{1, 0xef}, {2, 0xcdef}, {4, 0x89abcdef}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		call(30, rows[i].bytes, 1, 0x3f8, 0x0123456789abcdef);
		bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_IO,
							      .bytes = (uint32_t)rows[i].bytes,
							      .address = 0x3f8,
							      .value = rows[i].value,
							      .write = 1}});
		answer(0x5ec4e7, 0);
		assert_int_equal(guest->r10, 0);
		bed_assert_changed(0); /* a write has no result */
	}
}

static void ports_that_are_none(void **state)
{
	static const uint64_t sizes[] = {0, 3, 5, 8, 16, 1ull << 32 | 1, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		call(30, sizes[i], 0, 0x3f8, 0);
		assert_done(INVALID_OPERAND, 0);
	}
	call(30, 1, 2, 0x3f8, 0);
	assert_done(INVALID_OPERAND, 0);
	call(30, 1, 1ull << 32, 0x3f8, 0);
	assert_done(INVALID_OPERAND, 0);
	call(30, 1, 0, 0x10000, 0);
	assert_done(INVALID_OPERAND, 0);
	call(30, 1, 0, 1ull << 32 | 0x3f8, 0);
	assert_done(INVALID_OPERAND, 0);
}

static void the_host_says_that_it_failed(void **state)
{
	static const uint64_t failed[] = {1, 2, 1ull << 32, UINT64_MAX};

	(void)state;
	for (size_t i = 0; i < sizeof(failed) / sizeof(failed[0]); i++) {
		call(30, 4, 0, 0x3f8, 0);
		answer(0x41, failed[i]);
		assert_int_equal(guest->r10, INVALID_OPERAND);
		bed_assert_changed(BIT(R10));
	}
}

static void an_answer_is_taken_once(void **state)
{
	(void)state;
	call(30, 4, 0, 0x3f8, 0);
	answer(0x41, 0);
	bed_secrets();
	guest_exit_preempted(&bed_guest(0)->vcpu);
	assert_true(bed_enter(0, 0));
	bed_assert_changed(0);
}

static void device_reads_and_writes(void **state)
{
	static const struct {
		uint64_t bytes, value;
	} rows[] = {{1, 0xef}, {2, 0xcdef}, {4, 0x89abcdef}, {8, 0x0123456789abcdef}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		call(48, rows[i].bytes, 0, S | 0xd0000000, 0x5ec4e7);
		bed_assert_exit(&(struct domain_run){
			.exit = {.kind = DOMAIN_EXIT_MMIO, .bytes = (uint32_t)rows[i].bytes, .address = 0xd0000000}});
		answer(0x0123456789abcdef, 0);
		assert_int_equal(guest->r11, rows[i].value);
		bed_assert_changed(BIT(R11));
		call(48, rows[i].bytes, 1, S | 0xd0000000, 0x0123456789abcdef);
		bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_MMIO,
							      .bytes = (uint32_t)rows[i].bytes,
							      .address = 0xd0000000,
							      .value = rows[i].value,
							      .write = 1}});
		answer(0x5ec4e7, 0);
		bed_assert_changed(0);
	}
}

static void devices_that_are_none(void **state)
{
	static const struct {
		uint64_t bytes, write, address;
	} bad[] = {
		{0, 0, S | 0xd0000000},
		{3, 0, S | 0xd0000000},
		{16, 0, S | 0xd0000000},
		{1ull << 32 | 4, 0, S | 0xd0000000},
		{4, 2, S | 0xd0000000},
		{4, 1ull << 32, S | 0xd0000000},
		{4, 0, 0xd0000000},
		{4, 0, 0x1000},
		{4, 0, S},
		{4, 0, S | 0x1000},
		{4, 0, S | (BED_RAM - 4)},
		{1, 0, S | (BED_RAM - 1)},
		{8, 0, S | 0xd0000ff9},
		{2, 0, S | 0xd0000fff},
		{4, 0, S | 1ull << 48 | 0xd0000000},
		{4, 0, S | 1ull << 63 | 0xd0000000},
		{4, 0, UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		call(48, bad[i].bytes, bad[i].write, bad[i].address, 0);
		assert_done(INVALID_OPERAND, 0);
	}
	call(48, 8, 0, S | 0xd0000ff8, 0);
	assert_int_equal(bed_run_page(0)->exit.address, 0xd0000ff8);
}

static void cpuid_by_call(void **state)
{
	(void)state;
	call(10, 0x5ec4e700000000, 0x5ec4e700000000, 0, 0);
	assert_done(0, BIT(R12) | BIT(R13) | BIT(R14) | BIT(R15));
	assert_int_equal(guest->r12, 0x21);
	assert_int_equal(guest->r13, 0x756e6547);
	assert_int_equal(guest->r14, 0x6c65746e);
	assert_int_equal(guest->r15, 0x49656e69);
	call(10, 0xb, 1, 0, 0);
	assert_int_equal(guest->r14, 0x201);
}

static void msrs_by_call(void **state)
{
	(void)state;
	call(31, IA32_MISC_ENABLE, 0, 0, 0);
	assert_done(0, BIT(R11));
	assert_int_equal(guest->r11, 0x1801);
	call(31, 0x12345, 0, 0, 0);
	assert_done(INVALID_OPERAND, 0);
	call(31, 1ull << 32 | IA32_MISC_ENABLE, 0, 0, 0);
	assert_done(INVALID_OPERAND, 0);
	call(32, IA32_X2APIC_TPR, 0x30, 0, 0);
	assert_done(0, 0);
	assert_int_equal(bed_guest(0)->lapic.reg[LAPIC_TPR], 0x30);
	call(32, 1ull << 32 | IA32_X2APIC_TPR, 0x40, 0, 0);
	assert_done(INVALID_OPERAND, 0);
	call(32, IA32_X2APIC_TPR, 0x100, 0, 0);
	assert_done(INVALID_OPERAND, 0);
	call(32, IA32_TSC, 0, 0, 0);
	assert_done(INVALID_OPERAND, 0);
	assert_int_equal(bed_guest(0)->lapic.reg[LAPIC_TPR], 0x30);
}

static void nothing_to_do(void **state)
{
	(void)state;
	call(54, 0, 0, 0, 0);
	assert_done(0, 0);
	call(54, 1, 0, 0, 0);
	assert_done(0, 0);
	call(0x10000, 0, 0, 0, 0);
	assert_done(0, BIT(R11) | BIT(R12) | BIT(R13) | BIT(R14));
	call(0x10000, 1, 0x5ec4e7, 0x5ec4e7, 0);
	assert_int_equal(guest->r11 | guest->r12 | guest->r13 | guest->r14, 0);
}

static void halts(void **state)
{
	static const uint64_t blocked[] = {1, 2, 1ull << 32};

	(void)state;
	bed_guest(0)->lapic.reg[LAPIC_SVR] = 0x1ff;
	call(12, 0, 0, 0, 0);
	assert_done(0, 0);
	assert_false(guest_exit_resumes(&bed.cpu[0]));
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_IDLE}});
	assert_int_equal(bed_call(1, HC_INTERRUPT, BED_DOMAIN, BED_VCPU(0), 0x41, 0), 0);
	assert_true(bed_enter(0, 0)); /* IF is 0 */
	assert_int_equal(guest->r10, 0);
	call(12, 0, 0, 0, 0);
	assert_true(guest_exit_resumes(&bed.cpu[0])); /* it is pending yet */
	for (size_t i = 0; i < sizeof(blocked) / sizeof(blocked[0]); i++) {
		bed_guest(0)->halt = NOT_HALTED;
		call(12, blocked[i], 0, 0, 0);
		assert_int_equal(bed_guest(0)->halt, HALTED_FOR_GOOD);
	}
	assert_false(guest_exit_resumes(&bed.cpu[0]));
	assert_false(bed_enter(0, 0));
}

static void assert_map(uint64_t address, uint64_t bytes, bool shared, uint64_t status)
{
	bed_assert_exit(&(struct domain_run){
		.exit = {.kind = DOMAIN_EXIT_MAP_GPA, .address = address, .value = bytes, .write = shared}});
	assert_int_equal(bed.fake[0].advanced, 4);
	assert_true(bed_enter(0, 0));
	assert_int_equal(guest->r10, status);
	assert_int_equal(guest->r11, (shared ? S : 0) | (address + bytes));
	bed_assert_changed(BIT(R10) | BIT(R11));
}

static void map_gpa(void **state)
{
	(void)state;
	call(0x10001, S | 0x2000, 0x3000, 0, 0);
	assert_map(0x2000, 0x3000, true, 0);
	assert_int_equal(bed_record(BED_PAGE(2)), PAGE_FREE);
	assert_int_equal(bed_record(BED_PAGE(4)), PAGE_FREE);
	assert_int_equal(bed_record(BED_PAGE(5)), (uint64_t)BED_DOMAIN << 32 | PAGE_PRIVATE);
	for (unsigned i = 0; i < PAGE_BYTES; i++)
		assert_int_equal(bed.memory[BED_PAGE(2) * PAGE_BYTES + i], 0);
	call(0x10001, S | 0x2000, 0x3000, 0, 0); /* again */
	assert_map(0x2000, 0x3000, true, 0);
	call(0x10001, 0x2000, 0x1000, 0, 0);
	assert_map(0x2000, 0x1000, false, 0);
	call(0x10001, 0x6000, 0x2000, 0, 0); /* private already */
	assert_map(0x6000, 0x2000, false, 0);
	assert_int_equal(bed_record(BED_PAGE(6)), (uint64_t)BED_DOMAIN << 32 | PAGE_PRIVATE);
}

static void map_gpa_refuses(void **state)
{
	static const struct {
		uint64_t start, bytes, status;
	} bad[] = {
		{S | 0x2001, 0x1000, ALIGN_ERROR},
		{S | 0x2000, 0x1001, ALIGN_ERROR},
		{0x2000, 1, ALIGN_ERROR},
		{S | 0x2000, 0, INVALID_OPERAND},
		{S | BED_RAM, 0x1000, INVALID_OPERAND},
		{S | 0, BED_RAM + 0x1000, INVALID_OPERAND},
		{S | (BED_RAM - 0x1000), 0x2000, INVALID_OPERAND},
		{S | 0x2000, 0xfffffffffffff000, INVALID_OPERAND},
		{S | 0xffc00000, 0x1000, INVALID_OPERAND}, /* the firmware's */
		{S | 0xd0000000, 0x1000, INVALID_OPERAND},
		{S - 0x1000, 0x2000, INVALID_OPERAND}, /* across the halves */
		{0x2000, S, INVALID_OPERAND},
		{1ull << 48 | 0x2000, 0x1000, INVALID_OPERAND},
		{1ull << 63 | 0x2000, 0x1000, INVALID_OPERAND},
		{0xfffffffffffff000, 0x1000, INVALID_OPERAND},
		{0xfffffffffffff000, 0x2000, INVALID_OPERAND},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		call(0x10001, bad[i].start, bad[i].bytes, 0, 0);
		assert_done(bad[i].status, BIT(R11));
		assert_int_equal(guest->r11, bad[i].start);
	}
	for (unsigned i = 0; i < BED_PRIVATE; i++)
		assert_int_equal(bed_record(BED_PAGE(i)), (uint64_t)BED_DOMAIN << 32 | PAGE_PRIVATE);
}

/* 2 MiB at most at once, although two entries together reach further. */
static void map_gpa_in_parts(void **state)
{
	(void)state;
	assert_int_equal(bed_call(1, HC_PAGE_AUG, BED_DOMAIN, 0x200000 | DOMAIN_LEVEL_2MIB, BED_LARGE, 0), 0);
	call(0x10001, S | 0x100000, 0x300000, 0, 0);
	assert_map(0x100000, 0x100000, true, 1);
	call(0x10001, S | 0x200000, 0x200000, 0, 0);
	assert_map(0x200000, 0x200000, true, 0);
	assert_int_equal(bed_record(BED_LARGE + 511), PAGE_FREE);
	call(0x10001, S | 0, BED_RAM, 0, 0);
	assert_map(0, 0x200000, true, 1);
}

static void map_gpa_without_a_table(void **state)
{
	(void)state;
	call(0x10001, S | 0x201000, 0x1000, 0, 0);
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_TABLE, .address = 0x201000}});
	assert_int_equal(bed.fake[0].advanced, 0);
	assert_true(bed_enter(0, 0));
	bed_assert_changed(0); /* the call is repeated */
	call(0x10001, S | 0x1ff000, 0x2000, 0, 0);
	assert_map(0x1ff000, 0x1000, true, 1);
}

/* Another CPU may still reach the page: it stays, and the guest asks again. */
static void map_gpa_waits_for_other_cpus(void **state)
{
	(void)state;
	assert_true(bed_enter(1, 1));
	bed_forget();
	call(0x10001, S | 0x2000, 0x1000, 0, 0);
	assert_int_equal(bed.fake[0].advanced, 0);
	bed_assert_changed(0);
	assert_int_equal(bed.kicks[1], 1);
	assert_int_equal(bed_record(BED_PAGE(2)), (uint64_t)BED_DOMAIN << 32 | PAGE_PRIVATE);
	assert_true(guest_exit_resumes(&bed.cpu[1]));
	assert_int_equal(bed.fake[1].tlb_flushes, 1);
	tdcall(bed_guest(0));
	assert_map(0x2000, 0x1000, true, 0);
	assert_int_equal(bed_record(BED_PAGE(2)), PAGE_FREE);
}

static void get_quote(void **state)
{
	static const struct {
		uint64_t address, bytes;
	} bad[] = {
		{0x2000, 0x1000},
		{S | 0x2008, 0x1000},
		{S | 0x2000, 0x1008},
		{S | 0x2000, 0},
		{S | 0x2000, 0x21000},
		{S | 0x2000, 1ull << 32},
		{S | BED_RAM, 0x1000},
		{S | (BED_RAM - 0x1000), 0x2000},
		{S | 1ull << 48 | 0x2000, 0x1000},
		{S | 1ull << 63, 0x1000},
		{S | 0xd0000000, 0x1000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		call(0x10002, bad[i].address, bad[i].bytes, 0, 0);
		assert_done(INVALID_OPERAND, 0);
	}
	call(0x10002, S | 0x2000, 0x20000, 0, 0);
	bed_assert_exit(
		&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_GET_QUOTE, .address = 0x2000, .bytes = 0x20000}});
	answer(0x5ec4e7, 0);
	assert_int_equal(guest->r10, 0);
	bed_assert_changed(0);
	call(0x10002, S | 0x2000, 0x2000, 0, 0);
	answer(0x5ec4e7, 1);
	assert_int_equal(guest->r10, INVALID_OPERAND);
	bed_assert_changed(BIT(R10));
}

static void assert_fatal(const uint64_t text[8])
{
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_FATAL, .value = 0x77}});
	assert_memory_equal(bed_run_page(0)->text, text, sizeof(bed_run_page(0)->text));
	assert_int_equal(bed_call(0, HC_VCPU_RUN, BED_DOMAIN, BED_VCPU(0), (uintptr_t)bed.ram, 0), HC_E_STATE);
}

static void a_fatal_error_has_its_text(void **state)
{
	(void)state;
	call(0x10003, 0x77, 0x5ec4e7, 1, 2);
	const struct registers *const r = &bed.before;

	assert_fatal((const uint64_t[]){1, 2, r->rbx, r->rdi, r->rsi, r->r8, r->r9, r->rdx});
}

/* Of registers that the guest did not pass the host sees nothing. */
static void a_fatal_error_has_no_more_than_was_passed(void **state)
{
	(void)state;
	call_with(MASK_SHORT | 1u << RDI, 0x10003, 0x77, 0x5ec4e7, 1, 2);
	assert_fatal((const uint64_t[]){1, 2, 0, bed.before.rdi, 0, 0, 0, 0});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(masks, start, bed_stop),
		cmocka_unit_test_setup_teardown(arguments_are_passed, start, bed_stop),
		cmocka_unit_test_setup_teardown(calls_of_others, start, bed_stop),
		cmocka_unit_test_setup_teardown(unknown_functions, start, bed_stop),
		cmocka_unit_test_setup_teardown(port_reads, start, bed_stop),
		cmocka_unit_test_setup_teardown(port_writes, start, bed_stop),
		cmocka_unit_test_setup_teardown(ports_that_are_none, start, bed_stop),
		cmocka_unit_test_setup_teardown(the_host_says_that_it_failed, start, bed_stop),
		cmocka_unit_test_setup_teardown(an_answer_is_taken_once, start, bed_stop),
		cmocka_unit_test_setup_teardown(device_reads_and_writes, start, bed_stop),
		cmocka_unit_test_setup_teardown(devices_that_are_none, start, bed_stop),
		cmocka_unit_test_setup_teardown(cpuid_by_call, start, bed_stop),
		cmocka_unit_test_setup_teardown(msrs_by_call, start, bed_stop),
		cmocka_unit_test_setup_teardown(nothing_to_do, start, bed_stop),
		cmocka_unit_test_setup_teardown(halts, start, bed_stop),
		cmocka_unit_test_setup_teardown(map_gpa, start, bed_stop),
		cmocka_unit_test_setup_teardown(map_gpa_refuses, start, bed_stop),
		cmocka_unit_test_setup_teardown(map_gpa_in_parts, start, bed_stop),
		cmocka_unit_test_setup_teardown(map_gpa_without_a_table, start, bed_stop),
		cmocka_unit_test_setup_teardown(map_gpa_waits_for_other_cpus, start, bed_stop),
		cmocka_unit_test_setup_teardown(get_quote, start, bed_stop),
		cmocka_unit_test_setup_teardown(a_fatal_error_has_its_text, start, bed_stop),
		cmocka_unit_test_setup_teardown(a_fatal_error_has_no_more_than_was_passed, start, bed_stop),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
