/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/support/reports.c */
/* links: hv/domain/ hv/attest/sha384.c hv/machine/ram.c hv/machine/features.c hv/lib/wipe.c hv/vcpu/event.c */
/* links: tests/unit/support/guest_vcpu.c */
/* Registers of a domain that exit (docs/guest-abi.md, section 8): what each reads and takes, #GP for all others. */
#include "hv_test.h"

#include "domain/cpuid.h"
#include "guest_vcpu.h"
#include "vcpu/guest_exit.h"
#include "x86/msr.h"

static struct td_vcpu *vcpu;

static int start(void **state)
{
	(void)bed_start(state);
	assert_true(bed_enter(0, 0));
	vcpu = bed_guest(0);
	bed.predictor_barriers = 0;
	bed.tsc = 12345;
	bed.fake[0].pat = 0x0007040600070406;
	bed.fake[0].efer = 0x901;
	return 0;
}

/* Registers that are read; the APIC's are lapic.c's. */
static const struct {
	uint32_t msr;
	uint64_t value;
} readable[] = {
	{0x10, 12345},
	{0x1b, 0xfee00d00},
	{0x3a, 1},
	{0x8b, 0xffffffff00000000},
	{0xbd, 1},
	{0x10a, 1ull << 21},
	{0x179, 0},
	{0x17a, 0},
	{0x1a0, 0x1801},
	{0x1d9, 0},
	{0x277, 0x0007040600070406},
	{0xda0, 0},
	{0x6e0, 0},
	{0xc0000080, 0x901},
};

static bool is_apic(uint32_t msr)
{
	return msr >= 0x800 && msr <= 0x8ff;
}

static void each_register_reads_as_it_should(void **state)
{
	static const uint32_t firsts[] = {0, 0x40000000, 0xc0000000, 0xc0010000, 0xffffe000};

	(void)state;
	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
		for (uint32_t msr = firsts[i]; msr - firsts[i] < 0x2000; msr++) {
			uint64_t value = 0x5ec4e7;
			bool shown = false;

			if (is_apic(msr))
				continue;
			const bool found = guest_msr_read(vcpu, msr, &value);

			for (size_t j = 0; j < sizeof(readable) / sizeof(readable[0]); j++) {
				if (readable[j].msr != msr)
					continue;
				shown = true;
				assert_int_equal(value, readable[j].value);
			}
			if (found != shown)
				fail_msg("MSR 0x%x", msr);
		}
	}
}

/* Writes of 0 that are taken, although some of them do nothing. */
static bool takes_zero(uint32_t msr)
{
	return msr == IA32_BIOS_SIGN_ID || msr == IA32_DEBUGCTL || msr == IA32_XSS || msr == IA32_PRED_CMD ||
	       msr == IA32_FLUSH_CMD || msr == IA32_PAT || msr == IA32_TSC_DEADLINE || msr == IA32_EFER;
}

static void everything_else_is_refused(void **state)
{
	static const uint32_t firsts[] = {0, 0x40000000, 0xc0000000, 0xc0010000, 0xffffe000};

	(void)state;
	for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++) {
		for (uint32_t msr = firsts[i]; msr - firsts[i] < 0x2000; msr++) {
			if (is_apic(msr))
				continue;
			if (guest_msr_write(vcpu, msr, 0) != takes_zero(msr))
				fail_msg("MSR 0x%x", msr);
			if (guest_msr_write(vcpu, msr, 1ull << 63) !=
			    (msr == IA32_BIOS_SIGN_ID || msr == IA32_TSC_DEADLINE))
				fail_msg("MSR 0x%x, bit 63", msr);
		}
	}
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(bed.msr[i], 0);
	assert_int_equal(bed.predictor_barriers | bed.l1d_flushes, 0);
}

static void the_apic_stays_where_it_is(void **state)
{
	(void)state;
	assert_true(guest_msr_write(vcpu, IA32_APIC_BASE, 0xfee00d00));
	for (unsigned i = 0; i < 64; i++)
		assert_false(guest_msr_write(vcpu, IA32_APIC_BASE, 0xfee00d00 ^ 1ull << i));
	guest_exit_preempted(&vcpu->vcpu);
	assert_true(bed_enter(0, 1));
	uint64_t value;

	assert_true(guest_msr_read(bed_guest(0), IA32_APIC_BASE, &value));
	assert_int_equal(value, 0xfee00c00); /* no BSP */
}

/* Beyond these, CPUID shows the guest no bit of it. */
static void efer_has_what_cpuid_shows(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		const bool allowed = i == 0 || i == 8 || i == 10 || i == 11;

		assert_int_equal(guest_msr_write(vcpu, IA32_EFER, 0x500 ^ 1ull << i), allowed);
	}
}

static void pat_has_memory_types_only(void **state)
{
	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		const bool valid = type < 8 && type != 2 && type != 3;

		for (unsigned i = 0; i < 8; i++) {
			bed.fake[0].pat = 0;
			assert_int_equal(guest_msr_write(vcpu, IA32_PAT, (uint64_t)type << 8 * i), valid);
			assert_int_equal(bed.fake[0].pat, valid ? (uint64_t)type << 8 * i : 0);
		}
	}
}

static struct cpuid_result without_commands(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_result r = bed_cpuid(leaf, subleaf);

	if (leaf == 7)
		r.edx &= ~(1u << 28 | 1u << 29);
	return r;
}

/* IBPB and the flush of the first level's cache, where CPUID shows them (SDM 4). */
static void commands_are_executed_where_the_cpu_has_them(void **state)
{
	(void)state;
	assert_true(guest_msr_write(vcpu, IA32_PRED_CMD, 1));
	assert_int_equal(bed.predictor_barriers, 1);
	assert_true(guest_msr_write(vcpu, IA32_FLUSH_CMD, 1));
	assert_int_equal(bed.l1d_flushes, 1);
	for (unsigned i = 1; i < 64; i++) {
		assert_false(guest_msr_write(vcpu, IA32_PRED_CMD, 1 | 1ull << i));
		assert_false(guest_msr_write(vcpu, IA32_FLUSH_CMD, 1 | 1ull << i));
	}
	bed.pool.guest.barrier = false;
	assert_false(guest_msr_write(vcpu, IA32_PRED_CMD, 1));
	assert_false(guest_msr_write(vcpu, IA32_PRED_CMD, 0));
	bed.last_leaf = 6;
	assert_false(guest_msr_write(vcpu, IA32_FLUSH_CMD, 1));
	bed.last_leaf = 0x23;
	bed.cpuid = without_commands;
	assert_false(guest_msr_write(vcpu, IA32_FLUSH_CMD, 1));
	assert_false(guest_msr_write(vcpu, IA32_FLUSH_CMD, 0));
	assert_int_equal(bed.predictor_barriers, 1);
	assert_int_equal(bed.l1d_flushes, 1);
}

/* What holds for a guest as well; no bit that promises another register. */
static void capabilities_promise_no_register(void **state)
{
	uint64_t value;

	(void)state;
	bed.arch_capabilities = UINT64_MAX;
	assert_true(guest_msr_read(vcpu, IA32_ARCH_CAPABILITIES, &value));
	/* Without TSX_CTRL 7, MCU_CONTROL 9, MISC_PACKAGE_CTLS 10, ENERGY_FILTERING_CTL 11, DOITM 12,
	 * MCU_ENUMERATION 16, FB_CLEAR_CTRL 18, MCU_EXTENDED_SERVICE 22, OVERCLOCKING_STATUS 23, GDS_CTRL 25,
	 * and what is reserved */
	assert_int_equal(value, 1ull << 62 | 0x1d3ae17f);
	bed.arch_capabilities = 0;
	assert_true(guest_msr_read(vcpu, IA32_ARCH_CAPABILITIES, &value));
	assert_int_equal(value, 1ull << 21);
	bed.arch_capabilities = UINT64_MAX;
	bed.cpuid = without_commands;
	assert_true(guest_msr_read(vcpu, IA32_ARCH_CAPABILITIES, &value));
	assert_int_equal(value, 1ull << 21);
	bed.vendor = "AuthenticAMD";
	assert_true(guest_msr_read(vcpu, IA32_ARCH_CAPABILITIES, &value));
	assert_int_equal(value, 0x0c20e169);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_register_reads_as_it_should, start, bed_stop),
		cmocka_unit_test_setup_teardown(everything_else_is_refused, start, bed_stop),
		cmocka_unit_test_setup_teardown(the_apic_stays_where_it_is, start, bed_stop),
		cmocka_unit_test_setup_teardown(efer_has_what_cpuid_shows, start, bed_stop),
		cmocka_unit_test_setup_teardown(pat_has_memory_types_only, start, bed_stop),
		cmocka_unit_test_setup_teardown(commands_are_executed_where_the_cpu_has_them, start, bed_stop),
		cmocka_unit_test_setup_teardown(capabilities_promise_no_register, start, bed_stop),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
