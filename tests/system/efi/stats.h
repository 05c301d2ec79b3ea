/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's counts, for programs on AMD's instruction: the bed of those that print them. */
#ifndef EFI_STATS_H
#define EFI_STATS_H

#include <efi.h>

#include <cloister/hypercall.h>

/* HC_READ's result: sizeof(*stats), or a negative error. @stats crosses no page. */
static inline UINT64 read_stats(struct hv_stats *stats)
{
	UINT64 result = HC_READ;

	__asm__ volatile("vmmcall"
			 : "+a"(result)
			 : "D"((UINT64)HV_OBJECT_STATS), "S"(0ull), "d"(stats), "c"((UINT64)sizeof(*stats))
			 : "memory");
	return result;
}

#endif
