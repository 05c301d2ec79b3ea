/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The checks of the loader's boot_info, on the hypervisor's copy of it. */
#ifndef CLOISTER_BOOT_BOOT_INFO_H
#define CLOISTER_BOOT_BOOT_INFO_H

#include <stdbool.h>

#include "cloister/boot_info.h"
#include "cloister/errors.h"

/*
 * Page-aligned, not empty, inside the physical address width and the lower half of four levels, which is mapped one to
 * one.
 */
bool boot_range_sane(const struct boot_range *range, uint32_t phys_bits);

/*
 * Does @range overlap none of @count others? One that is empty, as a pool can be, overlaps nothing. No range may wrap
 * around.
 */
bool boot_range_apart(const struct boot_range *range, const struct boot_range *others, uint32_t count);

/* Is none of @range out of the root guest's reach: region, pool, the loader's list? */
bool boot_range_unprotected(const struct boot_info *boot, const struct boot_range *range);

/**
 * Checks a copied boot_info: magic, sizes, counts, alignment, order, overlaps.
 * Fails with HV_E_BOOT_INFO, for a CPU whose APIC ID is there twice with its index, or HV_E_REGION.
 */
struct hv_failure boot_info_check(const struct boot_info *boot, uint32_t phys_bits);

/**
 * Checks the DMA records of a boot_info that boot_info_check() accepted: are the units where registers can be, apart
 * from each other and from all memory, and is no reserved memory protected? Fails with HV_E_BOOT_INFO; with
 * HV_E_DMA_TABLE or HV_E_DMA_RESERVED, at the address concerned.
 */
struct hv_failure boot_dma_check(const struct boot_info *boot, uint32_t phys_bits);

#endif
