/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory types as the firmware set them in the MTRRs (SDM 3A 12.11): EPT leaves take their place. */
#ifndef CLOISTER_VMX_MTRR_H
#define CLOISTER_VMX_MTRR_H

#include <stdbool.h>
#include <stdint.h>

#include "cloister/errors.h"
#include "memory/address.h"

enum memory_type { TYPE_UC = 0, TYPE_WC = 1, TYPE_WT = 4, TYPE_WP = 5, TYPE_WB = 6 };

#define MTRR_FIXED        11u /* 64 KiB, 2 of 16 KiB, 8 of 4 KiB */
#define MTRR_VARIABLE_MAX 16u

struct mtrr_range {
	uint64_t base, mask; /* an address belongs to it where (address & mask) == base */
	uint8_t type;
};

struct mtrr {
	bool fixed_enabled;
	uint8_t default_type; /* uncacheable while the MTRRs are off */
	uint32_t count;
	struct mtrr_range variable[MTRR_VARIABLE_MAX];
	uint64_t fixed[MTRR_FIXED];
};

/**
 * Reads this CPU's MTRRs.
 * @phys_bits: 36 to 52
 * Returns HV_OK or HV_E_MTRR: reserved types, more ranges than the architecture has, overlaps without a defined result.
 */
enum hv_error mtrr_read(struct mtrr *mtrr, uint32_t phys_bits);

/**
 * The memory type of [@base, @base + @bytes), a power of two from 4 KiB on and aligned to it.
 * Returns false if there may be more than one; a 4 KiB page always has one.
 */
bool mtrr_type(const struct mtrr *mtrr, paddr_t base, uint64_t bytes, unsigned *type);

/* Where [@base, @end), both multiples of 4 KiB, stops to be write-back: @end if all of it is. */
uint64_t mtrr_write_back_end(const struct mtrr *mtrr, paddr_t base, uint64_t end);

#endif
