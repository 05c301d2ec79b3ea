/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of QEMU's fw_cfg by DMA (QEMU's specification "fw_cfg", DMA interface). The VMM writes into shared memory, and
 * may change it at any time: each byte is copied to private memory once, and used there.
 */
#ifndef GUEST_SHIM_FW_CFG_H
#define GUEST_SHIM_FW_CFG_H

#include <stdint.h>

/* Of the files that -kernel, -initrd and -append give, and how many bytes each has. */
enum fw_cfg_key {
	FW_CFG_KERNEL_SIZE = 0x08,
	FW_CFG_INITRD_SIZE = 0x0b,
	FW_CFG_KERNEL_DATA = 0x11,
	FW_CFG_INITRD_DATA = 0x12,
	FW_CFG_CMDLINE_SIZE = 0x14,
	FW_CFG_CMDLINE_DATA = 0x15,
	FW_CFG_SETUP_SIZE = 0x17,
	FW_CFG_SETUP_DATA = 0x18,
};

/** Shares the memory for it, for good. @shared: the shared bit */
void fw_cfg_open(uint64_t shared);

/** Reads @bytes of a file's beginning to private memory. Past the file's end the VMM gives zeros. */
void fw_cfg_read(enum fw_cfg_key key, void *to, uint64_t bytes);

/** A file that is a number of 32 bits. */
uint32_t fw_cfg_number(enum fw_cfg_key key);

#endif
