/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's fw_cfg as a guest sees it by DMA (QEMU's docs/specs/fw_cfg.rst), with files that are a test's. */
#ifndef FW_CFG_DEVICE_H
#define FW_CFG_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The upper half of the address is 0 since reset, and after each command. */
#define FW_CFG_DMA_LOW 0x518u
#define FW_CFG_KEYS    0x20u

/* Past its end there are zeros. */
struct fw_cfg_file {
	const void *bytes;
	size_t length;
};

struct fw_cfg_device {
	struct fw_cfg_file files[FW_CFG_KEYS];
	uint32_t reads[FW_CFG_KEYS]; /* how often each was selected */
	bool absent;                 /* does nothing */
	bool refuses;                /* answers with its error bit */
	uint32_t selected, offset;
};

/** A file of 32 bits; 'number' has to live on. */
void fw_cfg_device_number(struct fw_cfg_device *device, uint32_t key, const uint32_t *number);

/**
 * Does the command at the beginning of a piece of the guest's memory, and answers there.
 *
 * @memory: the piece, of 'bytes', whose address is 'base' to the guest
 * Returns false if the command's data lie elsewhere.
 */
bool fw_cfg_device_dma(struct fw_cfg_device *device, uint8_t *memory, uint64_t base, uint64_t bytes);

#endif
