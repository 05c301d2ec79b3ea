/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's own page tables: its region and the IOMMUs' registers, one to one, W^X, guard pages absent; and
 * windows (window.h). Nothing else is mapped, so nothing else can be read, not by speculation either.
 */
#ifndef CLOISTER_MEMORY_PAGING_H
#define CLOISTER_MEMORY_PAGING_H

#include "cloister/boot_info.h"
#include "region.h"

struct paging {
	paddr_t root;     /* CR3 */
	uint64_t *window; /* the page table of all windows */
};

/**
 * Builds the tables for the region @range. Text, read-only data and data of the image get their rights from
 * the linker's symbols; the rest of the region is data. Windows for @cpu_count CPUs are closed.
 */
void paging_build(struct paging *paging, struct region *region, const struct boot_range *range, uint32_t cpu_count);

/* Maps registers of a device one to one, uncached. Before the tables are in use. */
void paging_map_device(struct paging *paging, struct region *region, paddr_t base, uint64_t bytes);

/* Takes the page at @address out of the hypervisor's view: a guard page. Before the tables are in use. */
void paging_guard(struct paging *paging, paddr_t address);

#endif
