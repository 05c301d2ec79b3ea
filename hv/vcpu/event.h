/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events that are delivered at an entry, and events whose delivery an exit interrupted. AMD's EVENTINJ and Intel's
 * interruption information have one layout (APM 2 15.20; SDM 3C 24.8.3).
 */
#ifndef CLOISTER_VCPU_EVENT_H
#define CLOISTER_VCPU_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "x86/registers.h"

#define EVENT_VECTOR_MASK    0xffu
#define EVENT_TYPE_NMI       (2u << 8)
#define EVENT_TYPE_EXCEPTION (3u << 8)
#define EVENT_TYPE_MASK      (7u << 8)
#define EVENT_TYPE_SOFTWARE  (4u << 8) /* and above */
#define EVENT_RESERVED       0x7ffff000u
#define EVENT_ERROR_VALID    (1u << 11)
#define EVENT_VALID          (1u << 31)

/*
 * The event whose delivery an exit interrupted, by @info of the exit, as an entry takes it: bits 12 to 30 of @info are
 * undefined.
 */
static inline uint32_t event_interrupted(uint32_t info)
{
	return (info & EVENT_VALID) != 0 ? info & ~EVENT_RESERVED : 0;
}

/**
 * What a guest gets that raises exception @vector with @error_code while @delivering, the event whose delivery the exit
 * interrupted (0: none), was on its way: the exception, a double fault (@error_code becomes 0), or 0 for a shutdown
 * (SDM 3A table 6-5).
 */
uint32_t event_exception(uint32_t delivering, enum vector vector, uint32_t *error_code);

#endif
