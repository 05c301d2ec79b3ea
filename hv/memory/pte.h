/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entries of the hypervisor's own page tables (SDM 3A chapter 4; APM 2 chapter 5). */
#ifndef CLOISTER_MEMORY_PTE_H
#define CLOISTER_MEMORY_PTE_H

#define PTE_P       (1ull << 0)
#define PTE_RW      (1ull << 1)
#define PTE_PWT     (1ull << 3)
#define PTE_PCD     (1ull << 4)
#define PTE_A       (1ull << 5)
#define PTE_D       (1ull << 6)
#define PTE_NX      (1ull << 63)
#define PTE_ADDRESS 0x000ffffffffff000ull

/* Set from the start, so the CPU never writes to a table. */
#define PTE_LEAF (PTE_P | PTE_A | PTE_D)

#endif
