/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's memory by its addresses, which the shim's page tables map as they are. Tests have a header of their own. */
#ifndef GUEST_SHIM_MEMORY_H
#define GUEST_SHIM_MEMORY_H

#include <stdint.h>

static inline void *memory_at(uint64_t address)
{
	return (void *)(uintptr_t)address;
}

#endif
