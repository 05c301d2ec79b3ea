/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What OVMF of edk2 2025.02 (OvmfPkgX64), as in Debian 13, measures of a guest that QEMU starts by -kernel: its event
 * log, computed. Other releases measure other things. Functions return NULL, or why a register cannot be computed.
 */
#ifndef POLICY_OVMF_MEASURE_H
#define POLICY_OVMF_MEASURE_H

#include "policy/rtmr.h"
#include "policy/shim_measure.h"

#define OVMF_RELEASE "2025.02"

/* Files that QEMU makes for the firmware, by their names in fw_cfg. */
struct ovmf_acpi {
	struct bytes loader; /* etc/table-loader */
	struct bytes rsdp;   /* etc/acpi/rsdp */
	struct bytes tables; /* etc/acpi/tables */
};

/** RTMR 0: RAM, the image's UEFI variables, ACPI tables, boot options. */
const char *ovmf_measure_machine(struct bytes image, const struct shim_machine *machine, const struct ovmf_acpi *acpi,
				 uint8_t rtmr[RTMR_BYTES]);

/** RTMR 1: a kernel with an EFI stub. */
const char *ovmf_measure_kernel(struct bytes kernel, uint8_t rtmr[RTMR_BYTES]);

/** RTMR 2, which the kernel's EFI stub extends. @initrd: its SHA-384, NULL if there is none */
const char *ovmf_measure_boot(const char *command_line, const uint8_t *initrd, uint8_t rtmr[RTMR_BYTES]);

#endif
