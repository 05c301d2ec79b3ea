/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/support/reports.c */
/* links: hv/domain/ hv/attest/sha384.c hv/machine/ram.c hv/machine/features.c hv/lib/wipe.c hv/vcpu/event.c */
/* links: tests/unit/support/guest_vcpu.c */
/* Interrupts among a domain's vCPUs, whose x2APIC IDs are 0, 5 and 0x23: who gets which. */
#include "hv_test.h"

#include "domain/cpuid.h"
#include "guest_vcpu.h"
#include "vcpu/guest_exit.h"
#include "x86/msr.h"

#define VECTOR  0x41u
#define LOGICAL (1ull << 11)
#define TO(id)  ((uint64_t)(id) << 32)

static bool write(uint64_t icr)
{
	return guest_msr_write(bed_guest(0), IA32_X2APIC_ICR, icr);
}

static struct td_vcpu *page_of(unsigned index)
{
	return bed_page(BED_VCPU(index));
}

/* Which vCPUs have got VECTOR since the last look: a bit for each. */
static unsigned receivers(void)
{
	unsigned found = 0;

	for (unsigned i = 0; i < BED_VCPUS; i++) {
		uint32_t *const irr = &page_of(i)->lapic.reg[LAPIC_IRR];

		found |= irr[VECTOR / 32] == 1u << VECTOR % 32 ? BIT(i) : 0;
		assert_int_equal(irr[VECTOR / 32] & ~(1u << VECTOR % 32), 0);
		assert_int_equal(irr[0] | irr[1] | irr[3] | irr[4] | irr[5] | irr[6] | irr[7], 0);
		memset(irr, 0, 32);
	}
	return found;
}

static unsigned sent(uint64_t icr)
{
	assert_true(write(icr | VECTOR));
	return receivers();
}

static void destinations(void **state)
{
	(void)state;
	assert_true(bed_enter(0, 1));
	assert_int_equal(sent(TO(0)), BIT(0));
	assert_int_equal(sent(TO(5)), BIT(1));
	assert_int_equal(sent(TO(0x23)), BIT(2));
	assert_int_equal(sent(TO(1)), 0);
	assert_int_equal(sent(TO(0x100000005)), BIT(1)); /* the register has no more bits */
	assert_int_equal(sent(TO(0xffffffff)), 7);
	assert_int_equal(sent(1u << 18), BIT(1));
	assert_int_equal(sent(2u << 18 | TO(0)), 7);
	assert_int_equal(sent(3u << 18 | TO(5)), BIT(0) | BIT(2));
	assert_int_equal(sent(1u << 14 | 1u << 15 | TO(0)), BIT(0)); /* level, trigger: no matter */
}

static void logical_destinations(void **state)
{
	(void)state;
	assert_true(bed_enter(0, 0));
	assert_int_equal(sent(LOGICAL | TO(0x00000001)), BIT(0));
	assert_int_equal(sent(LOGICAL | TO(0x00000021)), BIT(0) | BIT(1));
	assert_int_equal(sent(LOGICAL | TO(0x00020008)), BIT(2));
	assert_int_equal(sent(LOGICAL | TO(0x0000ffff)), BIT(0) | BIT(1));
	assert_int_equal(sent(LOGICAL | TO(0x00010008)), 0);
	assert_int_equal(sent(LOGICAL | TO(0x00000000)), 0);
	assert_int_equal(sent(LOGICAL | TO(0xffffffff)), 7);
}

/* A logical destination is the logical ID that the vCPU reads, for every ID. */
static void the_logical_id_is_a_destination(void **state)
{
	static const uint32_t ids[] = {0, 15, 16, 0xffffe, 0x100000, 0xfffffffe};

	(void)state;
	assert_true(bed_enter(0, 0));
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		uint64_t logical;

		bed_guest(0)->td->vcpu[0].apic_id = ids[i];
		lapic_reset(&bed_guest(0)->lapic, ids[i]);
		assert_true(guest_msr_read(bed_guest(0), 0x80d, &logical));
		assert_int_equal(sent(LOGICAL | TO(logical)) & BIT(0), BIT(0));
	}
}

static void what_is_no_fixed_interrupt_goes_nowhere(void **state)
{
	(void)state;
	assert_true(bed_enter(0, 0));
	for (uint64_t mode = 1; mode < 8; mode++)
		assert_int_equal(sent(mode << 8 | 2u << 18), 0);
	for (uint64_t vector = 0; vector < 16; vector++)
		assert_true(write(2u << 18 | vector));
	assert_int_equal(receivers(), 0);
	assert_false(bed_guest(0)->wakes);
}

static void reserved_bits_are_refused(void **state)
{
	(void)state;
	assert_true(bed_enter(0, 0));
	for (unsigned i = 0; i < 32; i++) {
		const bool defined = i < 12 || i == 14 || i == 15 || i == 18 || i == 19;

		if (!defined)
			assert_false(write(1ull << i | 1u << 18 | VECTOR));
	}
	assert_int_equal(receivers(), 0);
}

/* One that runs elsewhere is kicked; for one that does not, the host is told. */
static void who_does_not_run_is_woken_by_the_host(void **state)
{
	(void)state;
	assert_true(bed_enter(1, 1));
	assert_true(bed_enter(0, 0));
	assert_int_equal(sent(TO(5)), BIT(1));
	assert_int_equal(bed.kicks[1], 1);
	assert_true(guest_exit_resumes(&bed.cpu[0]));
	assert_int_equal(sent(TO(0)), BIT(0)); /* itself */
	assert_true(guest_exit_resumes(&bed.cpu[0]));
	assert_int_equal(bed.kicks[0], 0);
	assert_int_equal(sent(TO(0x23)), BIT(2));
	assert_false(guest_exit_resumes(&bed.cpu[0]));
	bed_assert_exit(&(struct domain_run){.exit = {.kind = DOMAIN_EXIT_WAKE}});
	assert_true(bed_enter(0, 0)); /* once */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(destinations, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(logical_destinations, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(the_logical_id_is_a_destination, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(what_is_no_fixed_interrupt_goes_nowhere, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(reserved_bits_are_refused, bed_start, bed_stop),
		cmocka_unit_test_setup_teardown(who_does_not_run_is_woken_by_the_host, bed_start, bed_stop),
	};

	return cmocka_run_group_tests(tests, 0, 0);
}
