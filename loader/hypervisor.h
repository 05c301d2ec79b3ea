/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's image: choosing, placing, preparing it. */
#ifndef LOADER_HYPERVISOR_H
#define LOADER_HYPERVISOR_H

#include "config.h"
#include "elf.h"
#include "file.h"

#include <cloister/boot_info.h>

/** Path of the image for this CPU's vendor. */
bool hypervisor_path(const struct config *config, const char **path, struct failure *failure);

/**
 * Reserves region and pool. cpu_count, ram, ram_leaf_bytes, dma must be set in *info; sets region, pool, image_bytes.
 * On a failure after the reservation region.bytes is not 0.
 */
bool hypervisor_reserve(const struct elf_image *image, uint32_t pool_mib, struct boot_info *info,
			struct failure *failure);

/**
 * Copies a file to the region's end. No driver of the firmware has mapped the region for DMA, so a firmware that
 * protects memory from devices protects the copy: the measured bytes are the used ones.
 * @used: bytes at the region's end that are in use; grows
 */
bool hypervisor_stage(const struct boot_info *info, const struct file_content *file, uint64_t *used,
		      struct file_content *staged, struct failure *failure);

/** Checks a staged image once more, and places it at the region's start. */
bool hypervisor_load(const struct file_content *staged, struct elf_image *image, struct boot_info *info,
		     struct failure *failure);

/**
 * Calls hv_prepare, wipes what the TPM gave for its key, and checks what it gives back.
 * @small_leaves: set where it failed only because the region has no room for leaves of BOOT_LEAF_4KIB
 */
bool hypervisor_prepare(const struct elf_image *image, struct boot_info *info, bool *small_leaves,
			struct failure *failure);

/** Wipes the region and gives region and pool back: for another hypervisor_reserve. */
void hypervisor_remove(struct boot_info *info);

/** Wipes the region: no key survives a failed launch. Only while no CPU runs in it. */
void hypervisor_wipe(const struct boot_info *info);

#endif
