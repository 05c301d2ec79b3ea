/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the entry checker share. Only the first fault is kept. */
#ifndef CLOISTER_VMX_DEBUG_CHECK_H
#define CLOISTER_VMX_DEBUG_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "entry_check.h"

/*
 * Of the manuals' fields and registers, what only the checks look at: vmcs.h, event.h, registers.h and msr.h have the
 * rest.
 */
#define GUEST_PDPTE0        0x280au /* to 0x2810 */
#define SEGMENTS            8u
#define RIGHTS_TYPE         0x0fu
#define RIGHTS_S            (1u << 4)
#define RIGHTS_DPL          (3u << 5)
#define RIGHTS_P            (1u << 7)
#define RIGHTS_DB           (1u << 14)
#define RIGHTS_G            (1u << 15)
#define ENTRY_SMM           (1u << 10)
#define ENTRY_DUAL_SMM      (1u << 11)
#define BLOCKING_SMI        (1u << 2)
#define BLOCKING_DEFINED    0x1fu
#define EVENT_TYPE_RESERVED (1u << 8)
#define RFLAGS_IF           (1ull << 9)
#define IA32_VMX_CR0_FIXED1 0x00000487u

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
