/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Leaves of a domain's second-level tables (stage2_format.h). */
#ifndef CLOISTER_VMX_GUEST_FORMAT_H
#define CLOISTER_VMX_GUEST_FORMAT_H

#include "stage2_format.h"

#define STAGE2_MARKS 0ull /* what the CPU writes: nothing, as EPTP bit 6 is 0 (SDM 3C 28.3.5) */

/* Leaf of @level for a domain's private memory: all rights, write-back. */
static inline uint64_t stage2_private(paddr_t address, unsigned level)
{
	return address.value | EPT_TYPE(TYPE_WB) | EPT_RWX | (level > 1 ? EPT_LEAF : 0);
}

/* Leaf of @level for memory that a domain shares with the root guest: never executable. */
static inline uint64_t stage2_shared(paddr_t address, unsigned level)
{
	return address.value | EPT_TYPE(TYPE_WB) | EPT_RW | (level > 1 ? EPT_LEAF : 0);
}

#endif
