/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the entry checker share. Only the first fault is kept. */
#ifndef CLOISTER_VMX_DEBUG_CHECK_H
#define CLOISTER_VMX_DEBUG_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "entry_check.h"

struct check {
	uint32_t phys_bits;
	struct entry_fault fault;
};

static inline void require(struct check *check, bool holds, const char *field, uint64_t value, const char *must_be)
{
	if (!holds && !check->fault.field)
		check->fault = (struct entry_fault){field, value, must_be};
}

/* 48 bits of linear address. */
static inline bool canonical(uint64_t address)
{
	return address >> 47 == 0 || address >> 47 == 0x1ffff;
}

/* Each byte a memory type: 0, 1, 4 to 7. */
static inline bool pat_types_valid(uint64_t pat)
{
	for (unsigned i = 0; i < 64; i += 8) {
		const unsigned type = pat >> i & 0xff;

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	return true;
}

void check_segments(struct check *check);
void check_guest_registers(struct check *check);
void check_guest_activity(struct check *check);

#endif
