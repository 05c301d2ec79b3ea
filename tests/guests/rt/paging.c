/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Identity map with 1 GiB leaves, and the window. */
#include "paging.h"
#include "x86.h"

#define ENTRIES      512u
#define TABLE_FLAGS  (PTE_P | PTE_W | PTE_U)
#define WINDOW_BASE  IDENTITY_END
#define LEVEL2_BYTES (ENTRIES * PAGE_BYTES)

typedef uint64_t table[ENTRIES] __attribute__((aligned(4096)));

static table pml4, identity, window_pdpt, window_pd, window_pt;

void paging_init(void)
{
	for (uint64_t i = 0; i < ENTRIES; i++)
		identity[i] = i << 30 | TABLE_FLAGS | PTE_PS;
	pml4[0] = (uint64_t)identity | TABLE_FLAGS;
	pml4[WINDOW_BASE / IDENTITY_END] = (uint64_t)window_pdpt | TABLE_FLAGS;
	window_pdpt[0] = (uint64_t)window_pd | TABLE_FLAGS;
	window_pd[0] = (uint64_t)window_pt | TABLE_FLAGS;
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_NXE);
	write_cr3((uint64_t)pml4);
}

uint64_t window_map(unsigned int slot, uint64_t pa, uint64_t flags)
{
	const uint64_t va = WINDOW_BASE + slot * PAGE_BYTES;

	window_pt[slot] = pa | flags;
	invlpg((const void *)va);
	return va;
}

uint64_t window_by_table(unsigned int slot, uint64_t page_table)
{
	const uint64_t va = WINDOW_BASE + LEVEL2_BYTES + slot * PAGE_BYTES;

	window_pd[1] = page_table | TABLE_FLAGS;
	invlpg((const void *)va);
	return va;
}
