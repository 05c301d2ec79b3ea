/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tests/unit/support/reports.c */
/* links: hv/domain/ hv/attest/sha384.c hv/machine/ram.c hv/machine/features.c hv/lib/wipe.c hv/vcpu/event.c */
/* links: tests/unit/support/guest_vcpu.c */
/* wraps: rdtsc secure_wipe_through */
/* The end of all domains: who is waited for, for how long, and what is left in memory. */
#include "hv_test.h"

#include "guest_vcpu.h"
#include "machine/machine.h"

#define PATIENCE_TICKS 200000000u /* 100 ms */
#define LOOK_TICKS     100000u

static struct cpu *current;
static void (*meanwhile)(void);

struct cpu *cpu_current(void)
{
	return current;
}

/* Time goes on as it is looked at; then another CPU may act. */
uint64_t __wrap_rdtsc(void);

uint64_t __wrap_rdtsc(void)
{
	if (meanwhile)
		meanwhile();
	return bed.tsc += LOOK_TICKS;
}

/* Past the caches, too. */
static size_t wiped_through;
static const void *first_wiped;
static void (*while_wiping)(void);
void __real_secure_wipe_through(void *memory, size_t bytes);
void __wrap_secure_wipe_through(void *memory, size_t bytes);

void __wrap_secure_wipe_through(void *memory, size_t bytes)
{
	void (*const others)(void) = while_wiping;

	while_wiping = NULL;
	if (others)
		others();
	first_wiped = first_wiped ? first_wiped : memory;
	wiped_through += bytes;
	__real_secure_wipe_through(memory, bytes);
}

/* As a crash in the middle of a call leaves them: with windows open. */
static int start(void **state)
{
	(void)bed_start(state);
	const struct pool_view view = {&bed.pool, &bed.paging, 0, bed.machine.cpus};

	(void)pool_open(&view, WINDOW_TARGET, BED_PAGE(0));
	(void)pool_open(&view, WINDOW_RECORDS, 0);
	bed.machine.boot.cpu_count = BED_CPUS;
	current = &bed.cpu[0];
	bed.cpu[0].launched = bed.cpu[1].launched = true;
	meanwhile = while_wiping = NULL;
	wiped_through = 0;
	return 0;
}

static bool is_zero(uint32_t page)
{
	const uint8_t *const bytes = bed_page(page);

	for (unsigned i = 0; i < PAGE_BYTES; i++) {
		if (bytes[i] != 0)
			return false;
	}
	return true;
}

/* Memory, registers and measurements are wiped; nothing begins after it. */
static void assert_ended(void)
{
	for (uint32_t i = 0; i < BED_PRIVATE; i++)
		assert_true(is_zero(BED_PAGE(i)));
	for (uint32_t i = 0; i < BED_VCPUS; i++)
		assert_true(is_zero(BED_VCPU(i)));
	assert_true(is_zero(BED_DOMAIN));
	assert_int_equal(bed_call(0, HC_DOMAIN_DESTROY, BED_DOMAIN, 0, 0, 0), HC_E_WIPED);
}

static void nobody_is_waited_for_where_nobody_is(void **state)
{
	(void)state;
	assert_false(is_zero(BED_PAGE(0)));
	machine_end_domains(&bed.machine);
	assert_ended();
	assert_true(bed.tsc < PATIENCE_TICKS);
}

static void leave(void)
{
	if (bed.kicks[1] >= 3)
		bed.cpu[1].guest = NULL;
}

static void a_cpu_in_a_guest_is_kicked_until_it_leaves(void **state)
{
	(void)state;
	assert_true(bed_enter(1, 0));
	meanwhile = leave;
	machine_end_domains(&bed.machine);
	assert_ended();
	assert_int_equal(bed.kicks[1], 3 + 1); /* and to wipe */
	assert_int_equal(bed.kicks[0], 0);
}

static void one_that_stays_is_not_waited_for_for_ever(void **state)
{
	(void)state;
	assert_true(bed_enter(1, 0));
	machine_end_domains(&bed.machine);
	assert_ended();
	assert_true(bed.tsc >= PATIENCE_TICKS && bed.tsc < 2 * PATIENCE_TICKS);
}

static const struct pool_view *other_view(void)
{
	static struct pool_view view;

	view = (struct pool_view){&bed.pool, &bed.paging, 1, bed.machine.cpus};
	return &view;
}

static void finish_call(void)
{
	if (bed.tsc >= 10 * LOOK_TICKS) {
		pool_unlock_domain(other_view(), BED_DOMAIN);
		meanwhile = NULL;
	}
}

static void a_call_on_another_cpu_comes_to_its_end(void **state)
{
	(void)state;
	assert_int_equal(pool_lock_domain(other_view(), BED_DOMAIN), POOL_LOCKED);
	meanwhile = finish_call;
	machine_end_domains(&bed.machine);
	assert_ended();
	assert_true(bed.tsc >= 10 * LOOK_TICKS && bed.tsc < PATIENCE_TICKS);
}

static void one_that_never_does_is_not_waited_for_for_ever(void **state)
{
	(void)state;
	assert_int_equal(pool_lock_domain(other_view(), BED_DOMAIN), POOL_LOCKED);
	machine_end_domains(&bed.machine);
	assert_ended();
	assert_true(bed.tsc >= PATIENCE_TICKS && bed.tsc < 2 * PATIENCE_TICKS);
}

static void come_second(void)
{
	if (bed.kicks[1] < 2)
		return;
	meanwhile = NULL;
	bed.cpu[1].guest = NULL;
	current = &bed.cpu[1];
	(void)pool_open(other_view(), WINDOW_TARGET, BED_PAGE(0));
	(void)pool_open(other_view(), WINDOW_RECORDS, 0);
	machine_end_domains(&bed.machine);
	assert_ended();
	current = &bed.cpu[0];
}

/* What the second one does next may be a reset: it does not rely on the first one's coming to its end. */
static void who_comes_second_leaves_nothing_either(void **state)
{
	(void)state;
	assert_true(bed_enter(1, 0));
	meanwhile = come_second;
	machine_end_domains(&bed.machine);
	assert_null(meanwhile);
	assert_ended();
}

#define PAGES_TO_WIPE (BED_PRIVATE + BED_VCPUS * DOMAIN_VCPU_PAGES + 1)

/* Pages that were wiped, by the bytes of each that reached memory. */
static void what_is_wiped_is_in_memory(void **state)
{
	(void)state;
	machine_end_domains(&bed.machine);
	assert_int_equal(wiped_through, PAGES_TO_WIPE * PAGE_BYTES);
}

static size_t wiped_by_the_second;

static void join(void)
{
	const size_t before = wiped_through;

	machine_join_end(&bed.cpu[1]);
	wiped_by_the_second = wiped_through - before;
}

/* The first one comes to a page, the second one wipes all meanwhile: the first one has that page left. */
static void all_cpus_wipe_together(void **state)
{
	(void)state;
	while_wiping = join;
	machine_end_domains(&bed.machine);
	assert_ended();
	assert_int_equal(bed.kicks[1], 1);
	assert_int_equal(wiped_by_the_second, PAGES_TO_WIPE * PAGE_BYTES);
	assert_int_equal(wiped_through - wiped_by_the_second, PAGE_BYTES);
}

/* A kick comes for other reasons, too. */
static void who_is_kicked_before_and_after_it_wipes_nothing(void **state)
{
	(void)state;
	machine_join_end(&bed.cpu[1]);
	assert_false(is_zero(BED_PAGE(0)));
	machine_end_domains(&bed.machine);
	assert_true(pool_claim(other_view(), BED_PAGE(0), PAGE_PRIVATE, BED_DOMAIN));
	*(uint8_t *)bed_page(BED_PAGE(0)) = 1;
	machine_join_end(&bed.cpu[1]);
	assert_false(is_zero(BED_PAGE(0)));
}

/* An NMI to a CPU that the firmware has would be the firmware's. */
static void a_cpu_before_its_launch_is_not_called(void **state)
{
	(void)state;
	bed.cpu[1].launched = false;
	machine_end_domains(&bed.machine);
	assert_ended();
	assert_int_equal(bed.kicks[1], 0);
}

static void each_cpu_begins_at_another_page(void **state)
{
	const uint32_t last = bed.pool.pages - 1;

	(void)state;
	assert_true(pool_claim(other_view(), last, PAGE_PRIVATE, BED_DOMAIN));
	first_wiped = NULL;
	bed.pool.wiping = true;
	machine_join_end(&bed.cpu[1]);
	assert_ptr_equal(first_wiped, bed_page(last));
}

/* Nor has such a machine a key any more. */
static void without_a_pool_calls_end_too(void **state)
{
	(void)state;
	bed.pool.pages = 0;
	machine_end_domains(&bed.machine);
	assert_int_equal(bed_call(0, HC_QUOTE, 0, 0, 0, 0), HC_E_WIPED);
}

static void a_cpu_that_is_not_known_wipes_nothing(void **state)
{
	(void)state;
	current = NULL;
	machine_end_domains(&bed.machine);
	assert_false(is_zero(BED_PAGE(0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nobody_is_waited_for_where_nobody_is, start, bed_stop),
		cmocka_unit_test_setup_teardown(a_cpu_in_a_guest_is_kicked_until_it_leaves, start, bed_stop),
		cmocka_unit_test_setup_teardown(one_that_stays_is_not_waited_for_for_ever, start, bed_stop),
		cmocka_unit_test_setup_teardown(a_call_on_another_cpu_comes_to_its_end, start, bed_stop),
		cmocka_unit_test_setup_teardown(one_that_never_does_is_not_waited_for_for_ever, start, bed_stop),
		cmocka_unit_test_setup_teardown(who_comes_second_leaves_nothing_either, start, bed_stop),
		cmocka_unit_test_setup_teardown(what_is_wiped_is_in_memory, start, bed_stop),
		cmocka_unit_test_setup_teardown(all_cpus_wipe_together, start, bed_stop),
		cmocka_unit_test_setup_teardown(who_is_kicked_before_and_after_it_wipes_nothing, start, bed_stop),
		cmocka_unit_test_setup_teardown(a_cpu_before_its_launch_is_not_called, start, bed_stop),
		cmocka_unit_test_setup_teardown(each_cpu_begins_at_another_page, start, bed_stop),
		cmocka_unit_test_setup_teardown(without_a_pool_calls_end_too, start, bed_stop),
		cmocka_unit_test_setup_teardown(a_cpu_that_is_not_known_wipes_nothing, start, bed_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
