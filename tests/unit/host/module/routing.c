/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Interrupt messages of the module, and its table of GSIs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "routing.h"

#define BASE 0xfee00000u

static struct kvm_irq_routing_entry entry(uint32_t gsi, uint32_t data)
{
	struct kvm_irq_routing_entry made = {.gsi = gsi, .type = KVM_IRQ_ROUTING_MSI};

	made.u.msi.address_lo = BASE;
	made.u.msi.address_hi = 0x100;
	made.u.msi.data = data;
	return made;
}

static void test_table(void **state)
{
	const struct kvm_irq_routing_entry entries[] = {entry(0, 0x41), entry(7, 0x42), entry(ROUTES_MAX - 1, 0x43)};
	static struct routes routes;

	(void)state;
	assert_int_equal(routes_fill(&routes, entries, 0), 0);
	assert_int_equal(routes_find(&routes, 7).data, 0);
	assert_int_equal(routes_fill(&routes, entries, 3), 0);
	assert_int_equal(routes_find(&routes, 7).data, 0x42);
	assert_int_equal(routes_find(&routes, 7).address, 0x100ull << 32 | BASE);
	assert_int_equal(routes_find(&routes, 8).data, 0);
	assert_int_equal(routes_find(&routes, ROUTES_MAX - 1).data, 0x43);
	assert_int_equal(routes_find(&routes, ROUTES_MAX).data, 0);
	assert_int_equal(routes_find(&routes, UINT32_MAX).data, 0);
	assert_int_equal(routes_find(NULL, 0).data, 0);
}

static void test_refused(void **state)
{
	struct kvm_irq_routing_entry entries[] = {entry(1, 0x41), entry(1, 0x42)};
	static struct routes routes;

	(void)state;
	assert_int_equal(routes_fill(&routes, entries, 2), -EINVAL);
	entries[1].gsi = ROUTES_MAX;
	assert_int_equal(routes_fill(&routes, entries, 2), -EINVAL);
	entries[1].gsi = UINT32_MAX;
	assert_int_equal(routes_fill(&routes, entries, 2), -EINVAL);
	entries[1].gsi = 2;
	entries[1].type = KVM_IRQ_ROUTING_IRQCHIP;
	assert_int_equal(routes_fill(&routes, entries, 2), -EINVAL);
	entries[1].type = KVM_IRQ_ROUTING_MSI;
	entries[1].flags = KVM_MSI_VALID_DEVID;
	assert_int_equal(routes_fill(&routes, entries, 2), -EINVAL);
	entries[1].flags = 0;
	assert_int_equal(routes_fill(&routes, entries, 2), 0);
}

static bool is_interrupt(uint32_t data)
{
	return message_is_interrupt((struct message){BASE, data});
}

static void test_vectors(void **state)
{
	(void)state;
	assert_false(is_interrupt(0));
	assert_false(is_interrupt(0x1f));
	assert_true(is_interrupt(0x20));
	assert_true(is_interrupt(0xea));
	assert_false(is_interrupt(0xeb));
	assert_false(is_interrupt(0x80));
	assert_true(is_interrupt(0x140));  /* lowest priority */
	assert_false(is_interrupt(0x240)); /* SMI */
	assert_false(is_interrupt(0x440)); /* NMI */
	assert_false(is_interrupt(0x540)); /* INIT */
	assert_false(is_interrupt(0x740)); /* ExtINT */
	assert_true(is_interrupt(0xc041)); /* level, asserted: an edge here */
}

static bool is_for(uint64_t address, uint32_t apic_id)
{
	bool only;

	return message_is_for((struct message){address, 0x41}, apic_id, &only);
}

static void test_destinations(void **state)
{
	bool only;

	(void)state;
	assert_true(is_for(BASE, 0));
	assert_false(is_for(BASE, 1));
	assert_true(is_for(BASE | 5 << 12, 5));
	assert_true(is_for(0x42, 0)); /* QEMU's own messages have no base */
	assert_true(is_for(BASE | 0xff << 12, 0) && is_for(BASE | 0xff << 12, 77));
	assert_true(is_for(0x100ull << 32 | BASE | 1 << 12, 0x101));
	assert_false(is_for(0x100ull << 32 | BASE | 1 << 12, 1));
	assert_true(is_for(BASE | 4 | 5 << 12, 0) && is_for(BASE | 4 | 5 << 12, 2));
	assert_false(is_for(BASE | 4 | 5 << 12, 1));
	assert_false(is_for(BASE | 4 | 5 << 12, 16)); /* the next cluster */
	assert_true(message_is_for((struct message){BASE, 0x41}, 0, &only) && !only);
	assert_true(message_is_for((struct message){BASE, 0x141}, 0, &only) && only);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_destinations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
