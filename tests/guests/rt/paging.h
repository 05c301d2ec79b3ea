/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables of the test programs: the first 512 GiB one to one, open to CPL 3, and a window of 4 KiB pages
 * above for any physical address.
 */
#ifndef RT_PAGING_H
#define RT_PAGING_H

#include <stdint.h>

#define PAGE_BYTES   4096ul
#define IDENTITY_END (512ul << 30)

#define PTE_P   (1ul << 0)
#define PTE_W   (1ul << 1)
#define PTE_U   (1ul << 2)
#define PTE_PCD (1ul << 4)
#define PTE_PS  (1ul << 7)
#define PTE_NX  (1ul << 63)

#define WINDOW_PAGES 512u

/* Builds the tables and loads CR3. */
void paging_init(void);

/* Maps window page 'slot' to physical address 'pa' (page aligned); returns its virtual address. */
uint64_t window_map(unsigned int slot, uint64_t pa, uint64_t flags);

/* Virtual address of window page 'slot' of a second window, whose page table is the physical page 'table'. */
uint64_t window_by_table(unsigned int slot, uint64_t table);

#endif
