/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calibration against the PM timer: 3.579545 MHz, 24 bits at least (ACPI 6.5, section 4.8.3.3). */
#include "clock.h"
#include "acpi.h"
#include "tap.h"
#include "x86.h"

#define PM_TIMER_MASK 0xffffffu
#define PM_TICKS_5MS  17898u
#define PM_POLLS      10000000u

static uint64_t tsc_start, tsc_per_5ms = 1;

void clock_init(void)
{
	const uint16_t port = acpi_pm_timer();
	const uint32_t first = inl(port);
	uint32_t polls = 0;

	tsc_start = rdtsc();
	while (((inl(port) - first) & PM_TIMER_MASK) < PM_TICKS_5MS)
		if (++polls == PM_POLLS)
			bail_out("the ACPI PM timer at port %x stands still", port);
	tsc_per_5ms = rdtsc() - tsc_start;
}

uint64_t clock_us(void)
{
	return (rdtsc() - tsc_start) * 5000 / tsc_per_5ms;
}

void delay_us(uint64_t us)
{
	(void)wait_until(false, us);
}
