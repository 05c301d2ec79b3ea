/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A spin lock. Held for a few hundred instructions at most; the hypervisor runs with interrupts off. */
#ifndef CLOISTER_MACHINE_LOCK_H
#define CLOISTER_MACHINE_LOCK_H

#include <stdbool.h>

#include "x86/instructions.h"

typedef struct {
	bool held;
} lock_t;

static inline bool lock_try(lock_t *lock)
{
	return !__atomic_test_and_set(&lock->held, __ATOMIC_ACQUIRE);
}

static inline void lock_take(lock_t *lock)
{
	while (!lock_try(lock))
		cpu_relax();
}

static inline void lock_release(lock_t *lock)
{
	__atomic_clear(&lock->held, __ATOMIC_RELEASE);
}

#endif
