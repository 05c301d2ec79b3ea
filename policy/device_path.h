/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EFI device paths in words, for people only. */
#ifndef POLICY_DEVICE_PATH_H
#define POLICY_DEVICE_PATH_H

#include "policy/reader.h"

/**
 * Writes a device path much as UEFI 2.10, 10.6 writes it: "PciRoot(0x0)/Pci(0x1f,0x2)/.../\EFI\BOOT\BOOTX64.EFI".
 * Hostile bytes give a text that says where they end; it is cut to 'size', and clean.
 */
void device_path_text(struct bytes path, char *text, size_t size);

#endif
