/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of memory ranges. */
#include "ranges.h"

/* Insertion sort: the firmware's map comes sorted, or nearly so. */
static void sort(struct boot_range *list, uint32_t count)
{
	for (uint32_t i = 1; i < count; i++) {
		const struct boot_range range = list[i];
		uint32_t at = i;
		for (; at && list[at - 1].base > range.base; at--)
			list[at] = list[at - 1];
		list[at] = range;
	}
}

uint32_t ranges_normalise(struct boot_range *list, uint32_t count)
{
	uint32_t kept = 0;

	sort(list, count);
	for (uint32_t i = 0; i < count; i++) {
		struct boot_range *last = kept ? &list[kept - 1] : 0;
		const uint64_t end = list[i].base + list[i].bytes;

		if (!list[i].bytes)
			continue;
		if (!last || list[i].base > last->base + last->bytes)
			list[kept++] = list[i];
		else if (end > last->base + last->bytes)
			last->bytes = end - last->base;
	}
	return kept;
}
