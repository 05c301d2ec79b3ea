/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time: the TSC, whose rate is measured once against the ACPI PM timer, or known. */
#ifndef RT_CLOCK_H
#define RT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

void clock_init(void);
void clock_set(uint64_t tsc_khz);
uint64_t clock_us(void);
void delay_us(uint64_t us);

/* For events that take a moment: even on a slow computer, only a missing one takes longer. */
#define PATIENCE_US 100000000u

struct wait {
	uint64_t seen_us, left_us;
};

/* A wait is over when its time is, of which the time between two looks counts little: an emulator may be stopped. */
struct wait wait_begin(uint64_t timeout_us);
bool wait_goes_on(struct wait *wait);

/* Spins until 'condition' holds, at most timeout_us; its value is the condition's last one. */
#define wait_until(condition, timeout_us)                               \
	({                                                              \
		struct wait wait_ = wait_begin(timeout_us);             \
		bool holds_;                                            \
                                                                        \
		while (!(holds_ = (condition)) && wait_goes_on(&wait_)) \
			cpu_relax();                                    \
		holds_;                                                 \
	})

#endif
