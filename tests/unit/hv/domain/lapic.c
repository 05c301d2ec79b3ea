/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/support/reports.c */
/* links: hv/domain/ hv/attest/sha384.c hv/machine/ram.c hv/machine/features.c hv/lib/wipe.c hv/vcpu/event.c */
/* links: tests/unit/support/guest_vcpu.c */
/* The local APIC: each register, the order of interrupts, the timer (docs/guest-abi.md, section 10). */
#include "hv_test.h"

#include "domain/cpuid.h"
#include "guest_vcpu.h"
#include "vcpu/guest_exit.h"
#include "x86/msr.h"

#define EOI      0x80bu
#define SVR      0x80fu
#define TIMER    0x832u
#define SELF_IPI 0x83fu
#define MASKED   (1u << 16)
#define DEADLINE (2u << 17)

static struct td_vcpu *vcpu;

static int start(void **state)
{
	(void)bed_start(state);
	assert_true(bed_enter(0, 2));
	vcpu = bed_guest(0);
	return 0;
}

static bool write(uint32_t msr, uint64_t value)
{
	return guest_msr_write(vcpu, msr, value);
}

static uint64_t read(uint32_t msr)
{
	uint64_t value = 0x5ec4e7;

	assert_true(guest_msr_read(vcpu, msr, &value));
	return value;
}

/* Registers as section 10 has them; those that are not here are #GP both ways. @highest: what may be written */
static const struct row {
	uint32_t first, last;
	bool readable, writable;
	uint64_t initial, highest;
} rows[] = {
	{0x802, 0x802, true, false, 0x23, 0},
	{0x803, 0x803, true, false, 0x00050014, 0},
	{0x808, 0x808, true, true, 0, 0xff},
	{0x80a, 0x80a, true, false, 0, 0},
	{0x80b, 0x80b, false, true, 0, 0},
	{0x80d, 0x80d, true, false, 0x20008, 0},
	{0x80f, 0x80f, true, true, 0xff, 0x1ff},
	{0x810, 0x827, true, false, 0, 0},
	{0x828, 0x828, true, true, 0, 0},
	{0x82f, 0x82f, true, true, 0x10000, UINT32_MAX},
	{0x832, 0x837, true, true, 0x10000, UINT32_MAX},
	{0x838, 0x838, true, true, 0, UINT32_MAX},
	{0x839, 0x839, true, false, 0, 0},
	{0x83e, 0x83e, true, true, 0, UINT32_MAX},
	{0x83f, 0x83f, false, true, 0, 0xff},
};

static void tick(uint64_t tsc)
{
	bed.tsc = tsc;
	lapic_tick(&vcpu->lapic);
}

static const struct row *row_of(uint32_t msr)
{
	static const struct row none = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (msr >= rows[i].first && msr <= rows[i].last)
			return &rows[i];
	}
	return &none;
}

static void each_register(void **state)
{
	(void)state;
	for (uint32_t msr = 0x800; msr <= 0x8ff; msr++) {
		const struct row *const row = row_of(msr);
		const struct lapic before = vcpu->lapic;
		uint64_t value = 0;

		if (msr == IA32_X2APIC_ICR)
			continue; /* icr.c */
		assert_int_equal(guest_msr_read(vcpu, msr, &value), row->readable);
		assert_int_equal(value, row->initial);
		assert_int_equal(write(msr, row->highest), row->writable);
		vcpu->lapic = before;
		assert_false(write(msr, row->highest + 1));
		assert_false(write(msr, row->highest | 1ull << 32));
		assert_false(write(msr, UINT64_MAX));
		assert_memory_equal(&vcpu->lapic, &before, sizeof(before)); /* a refused write has no effect */
	}
}

static void stored_registers_keep_what_was_written(void **state)
{
	static const uint32_t stored[] = {0x808, 0x80f, 0x82f, 0x832, 0x833, 0x834, 0x835, 0x836, 0x837, 0x838, 0x83e};

	(void)state;
	for (uint32_t i = 0; i < sizeof(stored) / sizeof(stored[0]); i++)
		assert_true(write(stored[i], 0x40 + i));
	for (uint32_t i = 0; i < sizeof(stored) / sizeof(stored[0]); i++)
		assert_int_equal(read(stored[i]), 0x40 + i);
}

static void a_large_id_has_a_logical_id_of_32_bits(void **state)
{
	(void)state;
	lapic_reset(&vcpu->lapic, 0xfffffff1);
	assert_int_equal(read(0x80d), 0xffff0002);
}

/* The bit of @vector in the registers from @first on. */
static bool bit(uint32_t first, unsigned vector)
{
	return (read(first + vector / 32) >> vector % 32 & 1) != 0;
}

static void a_vector_goes_from_irr_to_isr_to_nowhere(void **state)
{
	(void)state;
	assert_true(write(SVR, 0x1ff));
	bed.fake[0].interruptible = true;
	for (unsigned vector = 16; vector < 256; vector++) {
		bed_forget();
		assert_true(write(SELF_IPI, vector));
		assert_true(bit(0x820, vector));
		assert_false(bit(0x810, vector));
		assert_true(guest_exit_resumes(&bed.cpu[0]));
		assert_int_equal(bed.fake[0].interrupt, vector);
		assert_false(bit(0x820, vector));
		assert_true(bit(0x810, vector));
		assert_int_equal(read(0x80a), vector & 0xf0);
		assert_true(write(EOI, 0));
		assert_false(bit(0x810, vector));
		assert_int_equal(read(0x80a), 0);
	}
}

static void vectors_of_exceptions_are_no_interrupts(void **state)
{
	(void)state;
	assert_true(write(SVR, 0x1ff));
	for (unsigned vector = 0; vector < 16; vector++) {
		assert_true(write(SELF_IPI, vector));
		assert_true(write(TIMER, DEADLINE | vector));
		assert_true(write(IA32_TSC_DEADLINE, 1));
		tick(1);
		assert_int_equal(read(0x820), 0);
		assert_int_equal(lapic_next(&vcpu->lapic), -1);
	}
}

static void nothing_is_delivered_while_disabled(void **state)
{
	(void)state;
	lapic_request(&vcpu->lapic, 0x41);
	assert_int_equal(lapic_next(&vcpu->lapic), -1);
	assert_true(write(SVR, 0x1ff));
	assert_int_equal(lapic_next(&vcpu->lapic), 0x41);
	assert_true(write(SVR, 0xff));
	assert_int_equal(lapic_next(&vcpu->lapic), -1);
}

static void only_a_higher_class_comes_first(void **state)
{
	(void)state;
	assert_true(write(SVR, 0x1ff));
	lapic_request(&vcpu->lapic, 0x41);
	lapic_request(&vcpu->lapic, 0xf3);
	assert_int_equal(lapic_next(&vcpu->lapic), 0xf3);
	lapic_deliver(&vcpu->lapic, 0xf3);
	lapic_request(&vcpu->lapic, 0xff); /* the same class */
	assert_int_equal(lapic_next(&vcpu->lapic), -1);
	lapic_deliver(&vcpu->lapic, 0xff); /* as if it had been: the end is of the highest */
	assert_true(write(EOI, 0));
	assert_true(bit(0x810, 0xf3));
	assert_false(bit(0x810, 0xff));
	assert_true(write(EOI, 0));
	assert_int_equal(lapic_next(&vcpu->lapic), 0x41);
	assert_true(write(EOI, 0)); /* of nothing */
}

static void the_tasks_priority_holds_back(void **state)
{
	(void)state;
	assert_true(write(SVR, 0x1ff));
	lapic_request(&vcpu->lapic, 0x41);
	assert_true(write(0x808, 0x4f));
	assert_int_equal(lapic_next(&vcpu->lapic), -1);
	assert_int_equal(read(0x80a), 0x4f);
	assert_true(write(0x808, 0x3f));
	assert_int_equal(lapic_next(&vcpu->lapic), 0x41);
	lapic_deliver(&vcpu->lapic, 0x41);
	assert_int_equal(read(0x80a), 0x40);
}

static void arm(uint32_t entry, uint64_t deadline)
{
	assert_true(write(SVR, 0x1ff));
	assert_true(write(TIMER, entry));
	assert_true(write(IA32_TSC_DEADLINE, deadline));
}

static void a_deadline_comes_once(void **state)
{
	(void)state;
	arm(DEADLINE | 0xec, 5000);
	assert_int_equal(read(IA32_TSC_DEADLINE), 5000);
	tick(4999);
	assert_int_equal(lapic_next(&vcpu->lapic), -1);
	tick(5000);
	assert_int_equal(lapic_next(&vcpu->lapic), 0xec);
	assert_int_equal(read(IA32_TSC_DEADLINE), 0);
	lapic_deliver(&vcpu->lapic, 0xec);
	assert_true(write(EOI, 0));
	tick(6000);
	assert_int_equal(lapic_next(&vcpu->lapic), -1);
}

static void a_deadline_of_0_is_none(void **state)
{
	(void)state;
	arm(DEADLINE | 0xec, 5000);
	assert_true(write(IA32_TSC_DEADLINE, 0));
	tick(UINT64_MAX);
	assert_int_equal(lapic_next(&vcpu->lapic), -1);
}

static void a_masked_timer_ends_silently(void **state)
{
	(void)state;
	arm(DEADLINE | MASKED | 0xec, 5000);
	tick(5000);
	assert_int_equal(lapic_next(&vcpu->lapic), -1);
	assert_int_equal(read(IA32_TSC_DEADLINE), 0);
}

/* SDM 3A 11.5.4.1: the other modes have no deadline, and a change of the mode disarms the timer. */
static void only_the_deadline_mode_has_a_deadline(void **state)
{
	(void)state;
	for (uint32_t mode = 0; mode < 4; mode++) {
		arm(mode << 17 | 0xec, 5000);
		assert_int_equal(read(IA32_TSC_DEADLINE), mode == 2 ? 5000 : 0);
		assert_true(write(TIMER, 0xec));
		assert_int_equal(read(IA32_TSC_DEADLINE), 0);
		tick(5000);
		assert_int_equal(lapic_next(&vcpu->lapic), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_register, start, bed_stop),
		cmocka_unit_test_setup_teardown(stored_registers_keep_what_was_written, start, bed_stop),
		cmocka_unit_test_setup_teardown(a_large_id_has_a_logical_id_of_32_bits, start, bed_stop),
		cmocka_unit_test_setup_teardown(a_vector_goes_from_irr_to_isr_to_nowhere, start, bed_stop),
		cmocka_unit_test_setup_teardown(vectors_of_exceptions_are_no_interrupts, start, bed_stop),
		cmocka_unit_test_setup_teardown(nothing_is_delivered_while_disabled, start, bed_stop),
		cmocka_unit_test_setup_teardown(only_a_higher_class_comes_first, start, bed_stop),
		cmocka_unit_test_setup_teardown(the_tasks_priority_holds_back, start, bed_stop),
		cmocka_unit_test_setup_teardown(a_deadline_comes_once, start, bed_stop),
		cmocka_unit_test_setup_teardown(a_deadline_of_0_is_none, start, bed_stop),
		cmocka_unit_test_setup_teardown(a_masked_timer_ends_silently, start, bed_stop),
		cmocka_unit_test_setup_teardown(only_the_deadline_mode_has_a_deadline, start, bed_stop),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
