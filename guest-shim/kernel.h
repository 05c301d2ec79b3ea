/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel, its command line and its initrd: from the VMM to private memory, then measured, then started (Linux'
 * Documentation/arch/x86/boot.rst, 64-bit boot protocol). What cannot be started ends the guest.
 */
#ifndef GUEST_SHIM_KERNEL_H
#define GUEST_SHIM_KERNEL_H

#include <stdint.h>

#include "cloister/guest_shim.h"

/* Bytes in private memory. */
struct piece {
	uint64_t base, bytes;
};

/* The command line's final zero is not counted. */
struct kernel {
	struct piece file, command_line, initrd;
};

/** Reads all of it from fw_cfg, which is open. @ram_bytes: RAM from address 0 on, at least HIGH_RAM */
void kernel_load(uint64_t ram_bytes, struct kernel *kernel);

/** Extends RTMR 1 and 2. @binding: what the tenant bound into the image, which has to be what was loaded */
void kernel_measure(const struct kernel *kernel, const struct shim_binding *binding);

/** Writes struct boot_params. Returns the kernel's entry */
uint64_t kernel_prepare(const struct kernel *kernel, const struct shim_machine *machine);

#endif
