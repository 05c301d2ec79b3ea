/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/support/reports.c */
/* links: hv/domain/ hv/attest/sha384.c hv/machine/ram.c hv/machine/features.c hv/lib/wipe.c hv/vcpu/event.c */
/* links: tests/unit/support/guest_vcpu.c */
/* What a domain's exits do: instructions, exceptions, #VE, faults of stage 2. */
#include "hv_test.h"

#include "domain/memory.h"
#include "guest_vcpu.h"
#include "vcpu/event.h"
#include "vcpu/guest_exit.h"
#include "x86/msr.h"

#define S       DOMAIN_SHARED_BIT
#define NOTHING (-1)

static struct registers *guest;

static int start(void **state)
{
	(void)bed_start(state);
	assert_true(bed_enter(0, 0));
	guest = bed_registers(0);
	bed_secrets();
	bed.fake[0].mode = GUEST_64BIT;
	return 0;
}

static struct vcpu *vcpu(void)
{
	return &bed_guest(0)->vcpu;
}

static void assert_advanced(unsigned bytes)
{
	assert_int_equal(bed.fake[0].advanced, bytes);
	assert_int_equal(bed.fake[0].exception, NOTHING);
	assert_false(bed.fake[0].ve);
}

static void assert_exception(int vector, uint32_t error_code)
{
	assert_int_equal(bed.fake[0].advanced, 0);
	assert_int_equal(bed.fake[0].exception, vector);
	assert_int_equal(bed.fake[0].error_code, error_code);
	assert_false(bed.fake[0].ve);
	assert_non_null(bed.cpu[0].guest);
}

static void cpuid_has_32_bits(void **state)
{
	(void)state;
	guest->rax = 0x5ec4e700000000;
	guest->rcx = 0x5ec4e700000000;
	guest_exit_cpuid(vcpu());
	assert_advanced(2);
	bed_assert_changed(BIT(RAX) | BIT(RBX) | BIT(RCX) | BIT(RDX));
	assert_int_equal(guest->rax, 0x21);
	assert_int_equal(guest->rbx, 0x756e6547);
	assert_int_equal(guest->rcx, 0x6c65746e);
	assert_int_equal(guest->rdx, 0x49656e69);
}

static void msrs(void **state)
{
	(void)state;
	guest->rcx = 0x5ec4e700000000 | IA32_BIOS_SIGN_ID;
	bed.before = *guest;
	guest_exit_rdmsr(vcpu());
	assert_advanced(2);
	bed_assert_changed(BIT(RAX) | BIT(RDX));
	assert_int_equal(guest->rax, 0);
	assert_int_equal(guest->rdx, 0xffffffff);
	bed_secrets();
	guest->rcx = IA32_TSC_DEADLINE;
	guest->rax = 0x5ec4e700000000 | 0x89abcdef;
	guest->rdx = 0x5ec4e700000000 | 0x01234567;
	bed.before = *guest;
	bed_guest(0)->lapic.reg[LAPIC_TIMER] = 2u << 17;
	guest_exit_wrmsr(vcpu());
	assert_advanced(2);
	bed_assert_changed(0);
	assert_int_equal(bed_guest(0)->lapic.deadline, 0x0123456789abcdef);
}

static void msrs_that_are_none(void **state)
{
	(void)state;
	guest->rcx = 0x12345;
	bed.before = *guest;
	guest_exit_rdmsr(vcpu());
	assert_exception(VECTOR_GP, 0);
	bed_forget();
	guest_exit_wrmsr(vcpu());
	assert_exception(VECTOR_GP, 0);
	bed_assert_changed(0);
}

/* VME PVI TSD DE PSE PAE MCE PGE, OSFXSR OSXMMEXCPT UMIP, FSGSBASE PCIDE OSXSAVE, SMEP SMAP */
static bool is_cr4(unsigned bit)
{
	return bit < 8 || (bit >= 9 && bit <= 11) || (bit >= 16 && bit <= 18) || bit == 20 || bit == 21;
}

static void cr4_has_known_bits(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		bed_forget();
		bed.fake[0].cr4 = 0;
		guest_exit_cr4(vcpu(), 1ull << i, 3);
		if (is_cr4(i))
			assert_advanced(3);
		else
			assert_exception(VECTOR_GP, 0);
		assert_int_equal(bed.fake[0].cr4, is_cr4(i) ? 1ull << i : 0);
	}
	bed_forget();
	bed.fake[0].refuses_cr4 = true;
	guest_exit_cr4(vcpu(), 0x20, 3);
	assert_exception(VECTOR_GP, 0);
	bed_assert_changed(0);
}

static struct cpuid_result poor_cpu(uint32_t leaf, uint32_t subleaf)
{
	return leaf == 0 || leaf == 0x80000000 ? bed_cpuid(leaf, subleaf) : (struct cpuid_result){0, 0, 0, 0};
}

/* With others the CPU would refuse the entry: the guest would be dead for what is a #GP. */
static void cr4_has_bits_of_what_cpuid_shows(void **state)
{
	(void)state;
	bed.cpuid = poor_cpu;
	for (unsigned i = 0; i < 64; i++) {
		bed_forget();
		guest_exit_cr4(vcpu(), 1ull << i, 3);
		if (is_cr4(i) && i < 11)
			assert_advanced(3);
		else
			assert_exception(VECTOR_GP, 0);
	}
}

/* CR8 is the upper half of the TPR. */
static void cr8(void **state)
{
	(void)state;
	for (uint64_t value = 0; value < 16; value++) {
		bed_forget();
		bed_guest(0)->lapic.reg[LAPIC_TPR] = 0x77;
		guest_exit_cr8(vcpu(), value);
		assert_advanced(4);
		assert_int_equal(bed_guest(0)->lapic.reg[LAPIC_TPR], value << 4);
		assert_int_equal(guest_cr8(vcpu()), value);
		assert_true(guest_exit_resumes(&bed.cpu[0]));
		assert_int_equal(bed.fake[0].cr8, value); /* where reading it does not exit */
	}
	for (unsigned i = 4; i < 64; i++) {
		bed_forget();
		guest_exit_cr8(vcpu(), 1ull << i);
		assert_exception(VECTOR_GP, 0);
	}
	assert_int_equal(guest_cr8(vcpu()), 15);
	bed_assert_changed(0);
}

static void ports_are_ve(void **state)
{
	static const struct {
		struct io_access access;
		uint64_t qualification;
	} rows[] = {
		{{.port = 0x3f8, .bytes = 1, .in = true, .length = 2}, 0x03f80008},
		{{.port = 0xffff, .bytes = 2, .length = 1}, 0xffff0001},
		{{.port = 0xcf8, .bytes = 4, .in = true, .length = 1}, 0x0cf8000b},
		{{.port = 0x70, .bytes = 1, .string = true, .length = 1}, 0x00700010},
		{{.port = 0x70, .bytes = 1, .string = true, .repeated = true, .in = true, .length = 2}, 0x00700038},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct ve_info *const ve = &bed_guest(0)->ve;

		bed_forget();
		bed_guest(0)->ve.valid = false;
		guest_exit_io(vcpu(), rows[i].access);
		assert_true(bed.fake[0].ve);
		assert_int_equal(bed.fake[0].advanced, 0);
		assert_true(ve->valid);
		assert_int_equal(ve->reason, 30);
		assert_int_equal(ve->qualification, rows[i].qualification);
		assert_int_equal(ve->length, rows[i].access.length);
		assert_int_equal(ve->linear | ve->physical, 0);
	}
	bed_assert_changed(0);
}

static void a_second_ve_is_a_double_fault(void **state)
{
	(void)state;
	guest_exit_io(vcpu(), (struct io_access){.port = 0x3f8, .bytes = 1});
	assert_true(bed.fake[0].ve);
	bed_forget();
	guest_exit_io(vcpu(), (struct io_access){.port = 0x70, .bytes = 1});
	assert_exception(VECTOR_DF, 0);
	assert_int_equal(bed_guest(0)->ve.qualification, 0x03f80000); /* the first */
}

/* What the exit interrupted comes first, then the instruction again; before, the host has its CPU. */
static void no_ve_over_an_event(void **state)
{
	(void)state;
	bed.fake[0].delivering = EVENT_VALID | 0x41;
	guest_exit_io(vcpu(), (struct io_access){.port = 0x3f8, .bytes = 1});
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_PREEMPTED}});
	assert_advanced(0);
}

/*
 * A debug trap comes before the host's interrupts; the delivery of either may be the next one, without end
 * (CVE-2015-8104, CVE-2015-5307).
 */
static void lets_the_host_in(enum vector vector)
{
	guest_exit_exception(vcpu(), vector, 0);
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_PREEMPTED}});
	assert_int_equal(bed.fake[0].exception, vector);
}

static void a_debug_exception_lets_the_host_in(void **state)
{
	(void)state;
	lets_the_host_in(VECTOR_DB);
}

static void an_alignment_check_lets_the_host_in(void **state)
{
	(void)state;
	lets_the_host_in(VECTOR_AC);
}

/* A third exception ends the guest, never the machine. */
static void an_exception_over_a_double_fault_is_the_end(void **state)
{
	(void)state;
	bed.fake[0].delivering = EVENT_VALID | EVENT_TYPE_EXCEPTION | VECTOR_DF;
	guest_exit_tdcall(vcpu(), false);
	assert_int_equal(bed.fake[0].exception, NOTHING);
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_DEAD}});
	assert_int_equal(bed_call(0, HC_VCPU_RUN, BED_DOMAIN, BED_VCPU(0), (uintptr_t)bed.ram, 0), HC_E_STATE);
}

static void exceptions_pass(void **state)
{
	(void)state;
	guest_exit_exception(vcpu(), VECTOR_UD, 0);
	assert_exception(VECTOR_UD, 0);
}

static void hlt(void **state)
{
	(void)state;
	bed.fake[0].interrupts_on = true;
	guest_exit_hlt(vcpu());
	assert_advanced(1);
	assert_int_equal(bed_guest(0)->halt, HALTED);
	bed.fake[0].interrupts_on = false;
	guest_exit_hlt(vcpu());
	assert_int_equal(bed_guest(0)->halt, HALTED_FOR_GOOD);
	bed_assert_changed(0);
}

/* The first 2 MiB, by tables in them. */
static void code(uint64_t rip, const void *bytes, unsigned count)
{
	bed_forget();
	*(uint64_t *)bed_memory(0x4000) = 0x5001;
	*(uint64_t *)bed_memory(0x5000) = 0x6001;
	*(uint64_t *)bed_memory(0x6000) = 0x81;
	bed.fake[0].cr3 = 0x4000;
	bed.fake[0].rip = rip;
	memcpy(bed_memory(rip), bytes, count);
}

static const uint8_t tdcall_bytes[] = {0x66, 0x0f, 0x01, 0xcc};

/* TDG.VP.INFO, or #UD. */
static bool is_tdcall(bool known, uint64_t rip, const void *bytes, unsigned cpl, enum guest_mode mode)
{
	bed_secrets();
	guest->rax = 1;
	bed.before = *guest;
	code(rip, bytes, 4);
	bed.fake[0].cpl = cpl;
	bed.fake[0].mode = mode;
	guest_exit_tdcall(vcpu(), known);
	if (bed.fake[0].advanced == 4) {
		assert_int_equal(guest->rcx, 48);
		return true;
	}
	assert_exception(VECTOR_UD, 0);
	bed_assert_changed(0);
	return false;
}

static void tdcall_is_for_the_kernel(void **state)
{
	(void)state;
	assert_true(is_tdcall(false, 0x2ffe, tdcall_bytes, 0, GUEST_64BIT)); /* on two pages */
	for (unsigned known = 0; known < 2; known++) {
		assert_true(is_tdcall(known != 0, 0x2000, tdcall_bytes, 0, GUEST_64BIT));
		for (unsigned cpl = 1; cpl < 4; cpl++)
			assert_false(is_tdcall(known != 0, 0x2000, tdcall_bytes, cpl, GUEST_64BIT));
		for (enum guest_mode mode = GUEST_UNPAGED; mode < GUEST_64BIT; mode++)
			assert_false(is_tdcall(known != 0, 0x2000, tdcall_bytes, 0, mode));
	}
}

static void another_instruction_is_ud(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 32; i++) {
		uint8_t bytes[4];

		memcpy(bytes, tdcall_bytes, 4);
		bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_false(is_tdcall(false, 0x2000, bytes, 0, GUEST_64BIT));
	}
	bed_forget();
	bed.fake[0].rip = 0x7ffe; /* no memory after it */
	guest_exit_tdcall(vcpu(), false);
	assert_exception(VECTOR_UD, 0);
}

static void fault(uint64_t address, bool write, bool fetch)
{
	bed_forget();
	guest_exit_stage2(
		vcpu(),
		&(struct guest_fault){.address = gpa(address), .write = write, .fetch = fetch, .linear = 0xffff8000});
}

static void assert_ve_at(uint64_t address, uint64_t qualification)
{
	const struct ve_info *const ve = &bed_guest(0)->ve;

	assert_true(bed.fake[0].ve);
	assert_true(ve->valid);
	assert_int_equal(ve->reason, 48);
	assert_int_equal(ve->qualification, qualification);
	assert_int_equal(ve->physical, address);
	assert_int_equal(ve->linear, 0xffff8000);
	assert_int_equal(ve->length, 0);
	bed_guest(0)->ve.valid = false;
}

static void shared_addresses_are_ve(void **state)
{
	(void)state;
	fault(S | 0xd0000123, false, false);
	assert_ve_at(S | 0xd0000123, 0x181);
	fault(S | 0xd0000123, true, false);
	assert_ve_at(S | 0xd0000123, 0x182);
	fault(S | 0x2008, false, false); /* private memory by its other address */
	assert_ve_at(S | 0x2008, 0x181);
	fault(S | 0x20008, false, false); /* no memory yet */
	assert_ve_at(S | 0x20008, 0x181);
	assert_int_equal(bed_call(1, HC_PAGE_AUG, BED_DOMAIN, 0x30000, BED_FREE, 0), 0);
	fault(S | 0x30008, false, false); /* pending */
	assert_ve_at(S | 0x30008, 0x181);
	fault(S | 0xffc00000, false, false); /* the firmware's */
	assert_ve_at(S | 0xffc00000, 0x181);
	bed_assert_changed(0);
}

static void end_and_start_again(void)
{
	(void)bed_stop(0);
	(void)start(0);
}

static void code_is_never_shared(void **state)
{
	static const uint64_t addresses[] = {S | 0xd0000123, S | 0x2123, S | 0x20123, S | 0xffc00123};

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		fault(addresses[i], false, true);
		bed_assert_exit(
			&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_DEAD, .address = addresses[i] & ~0xfffull}});
		assert_int_equal(bed_call(0, HC_VCPU_RUN, BED_DOMAIN, BED_VCPU(0), (uintptr_t)bed.ram, 0), HC_E_STATE);
		end_and_start_again();
	}
}

static void missing_memory_is_asked_for(void **state)
{
	(void)state;
	fault(0x20123, true, false); /* no more of the address than the page */
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_PAGE, .address = 0x20000}});
	assert_true(bed_enter(0, 0));
	assert_int_equal(bed.fake[0].advanced, 0);
	assert_int_equal(bed_call(1, HC_PAGE_AUG, BED_DOMAIN, 0x21000, BED_FREE, 0), 0);
	bed_guest(0)->td->lazy = true;
	fault(0x2123, true, true); /* it came meanwhile */
	assert_advanced(0);
	assert_non_null(bed.cpu[0].guest);
}

static void released_memory_is_asked_for_by_its_shared_address(void **state)
{
	uint64_t bytes = PAGE_BYTES;

	(void)state;
	assert_int_equal(domain_convert(&bed_guest(0)->view, bed_guest(0)->td, gpa(0x3000), &bytes, true), MEMORY_DONE);
	fault(S | 0x3123, true, false);
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_PAGE, .address = S | 0x3000}});
	assert_true(bed_enter(0, 0));
	fault(0x3123, true, false); /* its private one is gone */
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_DEAD, .address = 0x3000}});
}

/* What the guest did not accept, or is none of its memory: it stops. */
static void the_guest_stops_where_it_must_not_go_on(void **state)
{
	static const uint64_t addresses[] = {0x30123, BED_RAM,    0xd0000000,           0xffc00000,
					     S - 1,   1ull << 48, 1ull << 48 | 0x20000, 1ull << 51};

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		assert_int_equal(bed_call(1, HC_PAGE_AUG, BED_DOMAIN, 0x30000, BED_FREE, 0), 0);
		fault(addresses[i], false, false);
		bed_assert_exit(
			&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_DEAD, .address = addresses[i] & ~0xfffull}});
		end_and_start_again();
	}
}

static void a_domain_that_is_busy_faults_again(void **state)
{
	(void)state;
	assert_int_equal(pool_lock_domain(&bed_guest(0)->view, BED_DOMAIN), POOL_LOCKED);
	fault(0x20000, false, false);
	assert_advanced(0);
	fault(S | 0x20000, false, true);
	assert_advanced(0);
	assert_non_null(bed.cpu[0].guest);
	pool_unlock_domain(&bed_guest(0)->view, BED_DOMAIN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, bed_stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(cpuid_has_32_bits),
		TEST(msrs),
		TEST(msrs_that_are_none),
		TEST(cr4_has_known_bits),
		TEST(cr4_has_bits_of_what_cpuid_shows),
		TEST(cr8),
		TEST(ports_are_ve),
		TEST(a_second_ve_is_a_double_fault),
		TEST(no_ve_over_an_event),
		TEST(a_debug_exception_lets_the_host_in),
		TEST(an_alignment_check_lets_the_host_in),
		TEST(an_exception_over_a_double_fault_is_the_end),
		TEST(exceptions_pass),
		TEST(hlt),
		TEST(tdcall_is_for_the_kernel),
		TEST(another_instruction_is_ud),
		TEST(shared_addresses_are_ve),
		TEST(code_is_never_shared),
		TEST(missing_memory_is_asked_for),
		TEST(released_memory_is_asked_for_by_its_shared_address),
		TEST(the_guest_stops_where_it_must_not_go_on),
		TEST(a_domain_that_is_busy_faults_again),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
