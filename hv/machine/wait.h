/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only way to wait for hardware. */
#ifndef CLOISTER_MACHINE_WAIT_H
#define CLOISTER_MACHINE_WAIT_H

#include "x86/instructions.h"

/**
 * Spins until @condition holds, at most @timeout_us microseconds; its value is the condition's last one.
 * @tsc_khz: boot_info.tsc_khz, at most 10^8, so that a timeout below 10^8 cannot overflow
 */
#define wait_until(condition, tsc_khz, timeout_us)                                  \
	({                                                                          \
		const uint64_t start_ = rdtsc();                                    \
		bool late_ = false, holds_;                                         \
                                                                                    \
		while (!(holds_ = (condition)) && !late_) {                         \
			late_ = rdtsc() - start_ > (tsc_khz) * (timeout_us) / 1000; \
			cpu_relax();                                                \
		}                                                                   \
		holds_;                                                             \
	})

#endif
