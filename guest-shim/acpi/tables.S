/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What iasl made of this folder, at the places that the tables name, from the section's start: one that grew too long
 * for its place is an error. How many vCPUs the MADT has is known at run time (platform.c).
 */
#include "guest-shim/layout.h"

	.macro	machine_tables name, base
	.org	\base
	.incbin	"\name/rsdp.aml"
	.org	\base + 0x40
	.incbin	"\name/xsdt.aml"
	.org	\base + 0x80
	.incbin	"\name/facp.aml"
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
/* Processor Local x2APIC structures (ACPI 6.5, 5.2.12.12), enabled; the IDs but the first one's are of run time. */
madt_cpus:
	.set	uid, 0
	.rept	CPUS_MAX
	.byte	9, MADT_CPU_BYTES
	.word	0
	.long	0, 1, uid
	.set	uid, uid + 1
	.endr
