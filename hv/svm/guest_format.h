/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaves of a domain's second-level tables (stage2_format.h). */
#ifndef CLOISTER_SVM_GUEST_FORMAT_H
#define CLOISTER_SVM_GUEST_FORMAT_H

#include "stage2_format.h"

#define NPT_NX       (1ull << 63)
#define STAGE2_MARKS (1ull << 5 | 1ull << 6) /* what the CPU writes: accessed, dirty (APM 2 5.4.2, 15.25.6) */

/* Leaf of @level for a domain's private memory: all rights, write-back. */
static inline uint64_t stage2_private(paddr_t address, unsigned level)
{
	return address.value | NPT_P | NPT_RW | NPT_US | (level > 1 ? NPT_PS : 0);
}

/* Leaf of @level for memory that a domain shares with the root guest: never executable. */
static inline uint64_t stage2_shared(paddr_t address, unsigned level)
{
	return stage2_private(address, level) | NPT_NX;
}

#endif
