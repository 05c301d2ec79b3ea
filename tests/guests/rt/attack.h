/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Transfers of one device, and what comes of those that touch memory which is not the root guest's. */
#ifndef RT_ATTACK_H
#define RT_ATTACK_H

#include "edu.h"
#include "machine.h"

#include <stdbool.h>
#include <stdint.h>

/* VT-d 5.1, table 26: reasons of faults. */
enum { ADDRESS_TOO_WIDE = 4, NOT_WRITABLE = 5, NOT_READABLE = 6 };

#define RESERVED_RUNS 8u

extern const struct edu *attacker; /* the device that makes the transfers */
extern uint8_t *allowed;           /* a page of ordinary memory, which has what goes into its buffer */
extern bool amdvi;                 /* QEMU's unit blocks unmapped accesses, but records no event of them */

/* Is the CPU's read refused there? */
bool page_refused(uint64_t address);

/*
 * Runs of refused 2 MiB pages in reserved memory: hypervisor and pool, which are one run where they lie side by side.
 * Returns how many.
 */
unsigned int reserved_runs(struct memory_range found[RESERVED_RUNS]);

/* Between the device's buffer and memory; over when it returns. */
void transfer(bool to_memory, uint64_t address, uint32_t bytes);

/* The device's buffer gets a pattern that the runner looks for (testbed/remapping_tables.py). */
void load_buffer(void);

/*
 * The buffer after a read that was refused: its old contents, or zeros, which QEMU gives; nothing that tells
 * anything.
 */
bool buffer_tells_nothing(uint32_t from, uint32_t bytes);

/*
 * A transfer whose first refused page is the one of 'page' is refused, counted and recorded with device, address and
 * reason; the buffer is loaded. For a write on AMD-Vi the runner's comparison of memory alone decides.
 */
bool refused_at(bool write, uint64_t address, uint32_t bytes, uint64_t page, unsigned int reason);

/* The same for a write and a read. */
bool refused_both(uint64_t address, uint32_t bytes, uint64_t page);

/* Ordinary memory takes the device's data and gives it back, and nothing is refused. */
bool works(uint64_t offset, uint32_t bytes);

#endif
