/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What holds for RAM that guest-shim took from the VMM's list, whatever that was: AFL++'s promise and CBMC's proof. */
#ifndef FUZZ_SHIM_RAM_H
#define FUZZ_SHIM_RAM_H

#include <stdbool.h>

#include "cloister/guest_shim.h"

/* Below 4 GiB, where the shim's tables have devices. */
#define SHIM_DEVICES_BASE 0xc0000000ull
#define SHIM_DEVICES_END  0x100000000ull

/* Whole pages below @limit, where no devices are; after a gap if it is not the first. @end: of the range before */
static inline bool shim_range_is_sane(uint64_t base, uint64_t bytes, uint64_t end, bool first, uint64_t limit)
{
	return ((base | bytes) & 0xfff) == 0 && bytes != 0 && (first || base > end) && base < limit &&
	       bytes <= limit - base && (base >= SHIM_DEVICES_END || base + bytes <= SHIM_DEVICES_BASE);
}

static inline bool shim_ram_is_sane(const struct shim_machine *machine, uint64_t limit)
{
	bool sane = machine->ram_count > 0 && machine->ram_count <= SHIM_RAM_MAX;
	uint64_t end = 0;

	for (uint32_t i = 0; sane && i < SHIM_RAM_MAX; i++) {
		const uint64_t base = machine->ram[i].base, bytes = machine->ram[i].bytes;

		sane = i < machine->ram_count ? shim_range_is_sane(base, bytes, end, i == 0, limit)
					      : base == 0 && bytes == 0;
		end = sane ? base + bytes : 0;
	}
	return sane;
}

#endif
