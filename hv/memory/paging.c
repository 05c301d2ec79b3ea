/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page tables of the hypervisor itself (SDM 3A chapter 4; APM 2 chapter 5). */
#include "paging.h"

#include "pte.h"
#include "window.h"

#define WINDOWS_PER_TABLE 512u

/* From boot/image.ld. */
extern const char image_text_start[], image_text_end[], image_rodata_start[], image_rodata_end[];

/* The level-1 entry for @address; makes the tables on the way. */
static uint64_t *leaf_entry(struct paging *paging, struct region *region, uint64_t address)
{
	uint64_t *table = region_pointer(paging->root);

	for (unsigned level = 4; level > 1; level--) {
		uint64_t *const entry = &table[address >> (12 + 9 * (level - 1)) & 511];

		if ((*entry & PTE_P) == 0)
			*entry = region_take(region, 1).value | PTE_P | PTE_RW | PTE_A;
		table = region_pointer(paddr(*entry & PTE_ADDRESS));
	}
	return &table[address >> 12 & 511];
}

static bool within(uint64_t address, const char *start, const char *end)
{
	return address >= (uintptr_t)start && address < (uintptr_t)end;
}

/* W^X: what is executable is not writable, and nothing but the image's text is executable. */
static uint64_t rights(uint64_t address)
{
	if (within(address, image_text_start, image_text_end))
		return 0;
	if (within(address, image_rodata_start, image_rodata_end))
		return PTE_NX;
	return PTE_NX | PTE_RW;
}

void paging_build(struct paging *paging, struct region *region, const struct boot_range *range, uint32_t cpu_count)
{
	paging->root = region_take(region, 1);
	for (uint64_t at = range->base; at < range->base + range->bytes; at += PAGE_BYTES)
		*leaf_entry(paging, region, at) = at | PTE_LEAF | rights(at);

	paging->window = leaf_entry(paging, region, WINDOW_BASE);
	/* One table follows the other in the region, as if they were one. */
	for (uint64_t i = WINDOWS_PER_TABLE; i < (uint64_t)cpu_count * WINDOWS_PER_CPU; i += WINDOWS_PER_TABLE)
		leaf_entry(paging, region, WINDOW_BASE + i * PAGE_BYTES);
}

/* PCD and PWT: the PAT's entry 3, uncacheable since reset; the MTRRs say the same for registers. */
void paging_map_device(struct paging *paging, struct region *region, paddr_t base, uint64_t bytes)
{
	for (uint64_t at = base.value; at < base.value + bytes; at += PAGE_BYTES)
		*leaf_entry(paging, region, at) = at | PTE_LEAF | PTE_NX | PTE_RW | PTE_PCD | PTE_PWT;
}

void paging_guard(struct paging *paging, paddr_t address)
{
	struct region none = {0, 0};

	*leaf_entry(paging, &none, address.value) = 0;
}
