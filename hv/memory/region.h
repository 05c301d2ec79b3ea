/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands out the pages of the hypervisor's region, once, at boot. Nothing is ever given back. */
#ifndef CLOISTER_MEMORY_REGION_H
#define CLOISTER_MEMORY_REGION_H

#include "address.h"

struct region {
	uint64_t next, end;
};

/* @pages zeroed pages, or 0 if the region is used up. boot_region_bytes() makes sure that it is not. */
static inline paddr_t region_take(struct region *region, uint64_t pages)
{
	const uint64_t bytes = pages * PAGE_BYTES;

	if (pages > (region->end - region->next) / PAGE_BYTES)
		return paddr(0);
	const paddr_t taken = paddr(region->next);

	region->next += bytes;
	__builtin_memset(region_pointer(taken), 0, bytes);
	return taken;
}

#endif
