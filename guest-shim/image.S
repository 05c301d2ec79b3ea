/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is guest-shim's alone in its image: the ACPI tables, the binding, and how a VMM and a tenant find their way. */
#include "layout.h"

	.text
/* kernel_enter(entry, boot_params): Linux' 64-bit boot protocol. */
	.globl	kernel_enter
kernel_enter:
	movq	%rdi, %rax
	jmp	*%rax

/*
 * What iasl made of acpi/, at the places that the tables name, from the section's start: one that grew too long for its
 * place is an error. The MADT gets its vCPUs at run time.
 */
	.macro	machine_tables name, base
	.org	\base
	.incbin	"\name/rsdp.aml"
	.org	\base + 0x40
	.incbin	"\name/xsdt.aml"
	.org	\base + 0x80
	.incbin	"\name/facp.aml"
	.org	\base + 0x1a0
	.incbin	"\name/mcfg.aml"
	.org	\base + 0x200
	.incbin	"\name/dsdt.aml"
	.endm

	.section .acpi, "aw"
	.globl	madt, madt_cpus
	machine_tables q35, 0
	.org	0x7c0
	.incbin	"q35/facs.aml"
	machine_tables microvm, (ACPI_MICROVM_BASE-ACPI_Q35_BASE)
	.org	ACPI_MADT_BASE - ACPI_Q35_BASE
madt:
	.incbin	"q35/apic.aml"
madt_cpus:
	.fill	16 * CPUS_MAX, 1, 0

/* Where a tenant binds a kernel, a command line and an initrd (cloister/guest_shim.h). */
	.section .binding, "a"
	.globl	binding
binding:
	.fill	160, 1, 0

/* What a VMM loads (Intel TDX Virtual Firmware Design Guide, 11): this image, measured, and the hand-off blocks. */
	.section .metadata, "a"
metadata:
	.ascii	"TDVF"
	.long	metadata_end - metadata, 1, 2
	.long	0, IMAGE_BYTES, IMAGE_BASE, 0, IMAGE_BYTES, 0, 0, 1 /* type 0: image; measured */
	.long	0, 0, HOB_BASE, 0, HOB_BYTES, 0, 2, 0
metadata_end:

/* The table of GUIDs, read from its end, 32 bytes below 4 GiB. */
	.section .guids, "a"
guids:
	.long	BINDING_FROM_END
	.word	4 + 18
	.byte	0x5e, 0x2b, 0x3a, 0x6f, 0x41, 0x9c, 0x7a, 0x4d, 0x8e, 0x0b, 0xc1, 0x01, 0x57, 0xe2, 0x54, 0x81
	.long	METADATA_FROM_END
	.word	4 + 18
	.byte	0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98, 0x98, 0x47, 0x86, 0x5e, 0x46, 0x85, 0xa7, 0xbf, 0x8e, 0xc2
	.word	. - guids + 18
	.byte	0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45, 0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d

	.section .note.GNU-stack, "", @progbits
