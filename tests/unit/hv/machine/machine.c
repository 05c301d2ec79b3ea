/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's secrets: wiped under their lock, unless a CPU that has stopped holds it. */
#include "hv_test.h"

#include "attest/attestation.h"
#include "machine/machine.h"
#include "x86/instructions.h"

static struct attestation attestation;
static unsigned wipes, lines, ends;
static bool locked_meanwhile, written_back;
static uint64_t now;

uint64_t rdtsc(void)
{
	return now += 1000; /* a millisecond at tsc_khz = 1000 */
}
void machine_end_domains(struct machine *m)
{
	assert_ptr_equal(m, &machine);
	assert_int_equal(wipes, 0);
	ends++;
}
void wbinvd(void)
{
	assert_int_equal(wipes, 1);
	written_back = true;
}
void hk_wipe(struct hk *hk)
{
	assert_ptr_equal(hk, &attestation.hk);
	locked_meanwhile = !lock_try(&attestation.lock);
	wipes++;
}
void console_line(struct machine *m, const char *format, ...)
{
	(void)m;
	assert_string_equal(format, "secrets wiped");
	assert_int_equal(wipes, 1);
	lines++;
}

static int setup(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof(machine));
	memset(&attestation, 0, sizeof(attestation));
	machine.attestation = &attestation;
	machine.boot.tsc_khz = 1000;
	wipes = lines = ends = 0;
	written_back = false;
	now = 0;
	return 0;
}

static void wiped_under_the_lock(void **state)
{
	(void)state;
	machine_wipe_secrets(&machine);
	assert_int_equal(ends, 1);
	assert_int_equal(wipes, 1);
	assert_true(locked_meanwhile);
	assert_true(written_back);
	assert_int_equal(lines, 1);
	assert_true(lock_try(&attestation.lock)); /* it was given back */
}

/* It may hold the lock for ever, and crash() wiped them: this CPU waits no longer than a signature of a third takes. */
static void not_for_ever_after_a_stopped_cpu(void **state)
{
	(void)state;
	lock_take(&attestation.lock);
	machine.cpus_parked = 1;
	machine_wipe_secrets(&machine);
	assert_int_equal(wipes, 0);
	assert_in_range(now, 100 * 1000, 200 * 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(wiped_under_the_lock, setup),
		cmocka_unit_test_setup(not_for_ever_after_a_stopped_cpu, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
