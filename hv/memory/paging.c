/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page tables of the hypervisor itself (SDM 3A chapter 4; APM 2 chapter 5). */
#include "paging.h"

#include "x86/instructions.h"

#define PTE_P       (1ull << 0)
#define PTE_RW      (1ull << 1)
#define PTE_PWT     (1ull << 3)
#define PTE_PCD     (1ull << 4)
#define PTE_A       (1ull << 5)
#define PTE_D       (1ull << 6)
#define PTE_NX      (1ull << 63)
#define PTE_ADDRESS 0x000ffffffffff000ull

/* Set from the start, so that the CPU never writes to a table. */
#define LEAF (PTE_P | PTE_A | PTE_D)

#define WINDOW_BASE       0xffffff8000000000ull /* the last entry of the top level: far from any identity address */
#define WINDOWS_PER_TABLE 512u

/* From hv.ld. */
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

void paging_build(struct paging *paging, struct region *region, const struct boot_range *range)
{
	paging->root = region_take(region, 1);
	for (uint64_t at = range->base; at < range->base + range->bytes; at += PAGE_BYTES)
		*leaf_entry(paging, region, at) = at | LEAF | rights(at);

	paging->window = leaf_entry(paging, region, WINDOW_BASE);
	/* One table follows the other in the region, as if they were one. */
	for (uint64_t i = WINDOWS_PER_TABLE; i < BOOT_MAX_CPUS; i += WINDOWS_PER_TABLE)
		leaf_entry(paging, region, WINDOW_BASE + i * PAGE_BYTES);
}

/* PCD and PWT: the PAT's entry 3, uncacheable since reset; the MTRRs say the same for registers. */
void paging_map_device(struct paging *paging, struct region *region, paddr_t base, uint64_t bytes)
{
	for (uint64_t at = base.value; at < base.value + bytes; at += PAGE_BYTES)
		*leaf_entry(paging, region, at) = at | LEAF | PTE_NX | PTE_RW | PTE_PCD | PTE_PWT;
}

void paging_guard(struct paging *paging, paddr_t address)
{
	struct region none = {0, 0};

	*leaf_entry(paging, &none, address.value) = 0;
}

/* Where CPU @index sees @address of system memory, until window_close(). */
static volatile uint8_t *window_open(const struct paging *paging, uint32_t index, paddr_t address, uint64_t right)
{
	volatile uint8_t *const at = (volatile uint8_t *)(uintptr_t)(WINDOW_BASE + index * PAGE_BYTES);

	paging->window[index] = (address.value & PTE_ADDRESS) | LEAF | PTE_NX | right;
	return at + (address.value & PAGE_MASK);
}

static void window_close(const struct paging *paging, uint32_t index)
{
	paging->window[index] = 0;
	invlpg((const volatile void *)(uintptr_t)(WINDOW_BASE + index * PAGE_BYTES));
}

void window_read(const struct paging *paging, uint32_t index, paddr_t address, void *buffer, uint32_t bytes)
{
	const volatile uint8_t *const from = window_open(paging, index, address, 0);

	for (uint32_t i = 0; i < bytes; i++)
		((uint8_t *)buffer)[i] = from[i];
	window_close(paging, index);
}

void window_write(const struct paging *paging, uint32_t index, paddr_t address, const void *buffer, uint32_t bytes)
{
	volatile uint8_t *const to = window_open(paging, index, address, PTE_RW);

	for (uint32_t i = 0; i < bytes; i++)
		to[i] = ((const uint8_t *)buffer)[i];
	window_close(paging, index);
}
