/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Time: the TSC, measured once against the ACPI PM timer. */
#ifndef RT_CLOCK_H
#define RT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

void clock_init(void);
uint64_t clock_us(void);
void delay_us(uint64_t us);

/* Spins until 'condition' holds, at most timeout_us; its value is the condition's last one. */
#define wait_until(condition, timeout_us)                            \
	({                                                           \
		const uint64_t end_ = clock_us() + (timeout_us);     \
		bool holds_;                                         \
                                                                     \
		while (!(holds_ = (condition)) && clock_us() < end_) \
			cpu_relax();                                 \
		holds_;                                              \
	})

#endif
