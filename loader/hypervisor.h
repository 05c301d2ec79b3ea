/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's image: choosing, placing, preparing it. */
#ifndef LOADER_HYPERVISOR_H
#define LOADER_HYPERVISOR_H

#include "config.h"
#include "elf.h"

#include <cloister/boot_info.h>

/** Path of the image for this CPU's vendor. */
bool hypervisor_path(const struct config *config, const char **path, struct failure *failure);

/**
 * Reserves region and pool, and places the image at the region's start. cpu_count, ram, ram_leaf_bytes, dma must be set in *info;
 * sets region, pool, image_bytes. On a failure after the reservation region.bytes is not 0.
 */
bool hypervisor_place(const uint8_t *file, const struct elf_image *image, uint32_t pool_mib, struct boot_info *info,
		      struct failure *failure);

/**
 * Calls hv_prepare, wipes what the TPM gave for its key, and checks what it gives back.
 * @small_leaves: set where it failed only because the region has no room for leaves of BOOT_LEAF_4KIB
 */
bool hypervisor_prepare(const struct elf_image *image, struct boot_info *info, bool *small_leaves,
			struct failure *failure);

/** Wipes the region and gives region and pool back: for another hypervisor_place. */
void hypervisor_remove(struct boot_info *info);

/** Wipes the region: a failed launch leaves no key behind. Only while no CPU runs in it. */
void hypervisor_wipe(const struct boot_info *info);

#endif
