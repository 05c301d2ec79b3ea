/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where things are in the guest's memory: for the shim's C, its assembly, and its linker script. */
#ifndef GUEST_SHIM_LAYOUT_H
#define GUEST_SHIM_LAYOUT_H

/* The image ends at 4 GiB, with the reset vector. */
#define IMAGE_BASE  0xffff0000
#define IMAGE_BYTES 0x10000

/* In it, at places that the tables of acpi/ name: the mailbox; tables of each machine; the MADT, one for both. */
#define MAILBOX_BASE      0xffff7000
#define ACPI_Q35_BASE     0xffffc000
#define ACPI_MICROVM_BASE 0xffffc800
#define ACPI_MADT_BASE    0xffffd000

/* A vCPU in the MADT, and where its x2APIC ID is in that. */
#define MADT_CPU_BYTES 16
#define MADT_CPU_ID    4

/* struct shim_binding, and the metadata after it, lie this far from the image's end. */
#define BINDING_FROM_END  0x1000
#define METADATA_FROM_END (BINDING_FROM_END - 160)

/* The list of hand-off blocks, in RAM: the only section of the image's metadata besides itself. */
#define HOB_BASE  0x8000
#define HOB_BYTES 0x1000

/* For the kernel: struct boot_params, its command line; for the shim: what comes before the kernel in its file. */
#define BOOT_PARAMS_BASE   0x10000
#define COMMAND_LINE_BASE  0x11000
#define COMMAND_LINE_BYTES 0xf000
#define SETUP_BASE         0x20000
#define SETUP_BYTES        0x20000

#define PAGE_BYTES 0x1000
#define LEAF       0xe3 /* an entry of the page tables for 2 MiB: present, writable, accessed, dirty */

/*
 * Shared with the VMM for good: files come through it. The shim sees the 2 MiB around it, shared, from SHARED_WINDOW on.
 * Not above: without EFI, Linux looks for firmware's tables from 80000H to 1 MiB, as private memory.
 */
#define SHARED_BASE   0x60000
#define SHARED_BYTES  0x20000
#define SHARED_WINDOW 0x100000000

/* A PC's hole */
#define LOW_RAM_END 0xa0000
#define HIGH_RAM    0x100000

#define CPUS_MAX 128

#endif
