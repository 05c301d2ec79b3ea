/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calibration against the PM timer: 3.579545 MHz, 24 bits at least (ACPI 6.5, section 4.8.3.3). */
#include "clock.h"
#include "acpi.h"
#include "tap.h"
#include "x86.h"

#define PM_TIMER_HZ   3579545ul
#define PM_TIMER_MASK 0xffffffu
#define PM_TICKS_5MS  17898u
#define PM_POLLS      10000000u
#define READINGS      8u
#define LATE_US       10000u

struct reading {
	uint64_t tsc;
	uint32_t pm;
};

static uint64_t tsc_start, tsc_per_ms = 1;

/*
 * Both clocks at one time: of several readings the one that took least, since the CPU may have been held up in
 * others.
 */
static struct reading read_both(uint16_t port)
{
	struct reading best = {0};
	uint64_t least = ~0ul;

	for (uint32_t i = 0; i < READINGS; i++) {
		const uint64_t tsc = rdtsc();
		const uint32_t pm = inl(port);
		const uint64_t took = rdtsc() - tsc;

		if (took >= least)
			continue;
		least = took;
		best = (struct reading){tsc, pm};
	}
	return best;
}

void clock_set(uint64_t tsc_khz)
{
	tsc_start = rdtsc();
	tsc_per_ms = tsc_khz;
}

void clock_init(void)
{
	const uint16_t port = acpi_pm_timer();
	const struct reading first = read_both(port);
	uint32_t polls = 0;

	while (((inl(port) - first.pm) & PM_TIMER_MASK) < PM_TICKS_5MS)
		if (++polls == PM_POLLS)
			bail_out("the ACPI PM timer at port %x stands still", port);
	const struct reading last = read_both(port);

	clock_set((last.tsc - first.tsc) * PM_TIMER_HZ / 1000 / ((last.pm - first.pm) & PM_TIMER_MASK));
}

uint64_t clock_us(void)
{
	return (rdtsc() - tsc_start) * 1000 / tsc_per_ms;
}

struct wait wait_begin(uint64_t timeout_us)
{
	return (struct wait){clock_us(), timeout_us};
}

bool wait_goes_on(struct wait *wait)
{
	const uint64_t now = clock_us(), passed = now - wait->seen_us;
	const uint64_t counted = passed < LATE_US ? passed : LATE_US;

	wait->seen_us = now;
	wait->left_us -= counted < wait->left_us ? counted : wait->left_us;
	return wait->left_us != 0;
}

void delay_us(uint64_t us)
{
	(void)wait_until(false, us);
}
