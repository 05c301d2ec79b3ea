/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Extended page table entries (SDM 3C 28.3.2). Accessed and dirty flags are off. */
#ifndef CLOISTER_VMX_STAGE2_FORMAT_H
#define CLOISTER_VMX_STAGE2_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "memory/address.h"

#include "vendor_machine.h"

#define EPT_WRITABLE (1ull << 1)
#define EPT_RW       3ull
#define EPT_RWX      7ull /* read, write, execute */
#define EPT_TYPE(t)  ((uint64_t)(t) << 3)
#define EPT_LEAF     (1ull << 7)
#define EPT_ADDRESS  0x000ffffffffff000ull

/*
 * The memory type of [@base, @base + @bytes), if it has only one: under EPT the MTRRs themselves do not count
 * (28.3.7.2).
 */
static inline bool stage2_type(const struct vendor_machine *vendor, paddr_t base, uint64_t bytes, unsigned *type)
{
	return mtrr_type(&vendor->mtrr, base, bytes, type);
}

/*
 * Leaf for @address at @level (1: 4 KiB): read, write, and execute unless that invites the page size change machine
 * check; the guest's PAT counts as well.
 */
static inline uint64_t stage2_leaf(const struct vendor_machine *vendor, paddr_t address, unsigned level, unsigned type)
{
	const uint64_t large = EPT_LEAF | (vendor->speculation.itlb_multihit ? EPT_RW : EPT_RWX);

	return address.value | EPT_TYPE(type) | (level > 1 ? large : EPT_RWX);
}

static inline uint64_t stage2_table(paddr_t address)
{
	return address.value | EPT_RWX;
}

static inline bool stage2_present(uint64_t entry)
{
	return (entry & EPT_RWX) != 0;
}

static inline bool stage2_is_leaf(uint64_t entry, unsigned level)
{
	return level == 1 || (entry & EPT_LEAF) != 0;
}

static inline uint64_t stage2_read_only(uint64_t entry)
{
	return entry & ~EPT_WRITABLE;
}

static inline paddr_t stage2_address(uint64_t entry)
{
	return paddr(entry & EPT_ADDRESS);
}

#endif
