/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image: exactly 64 KiB below 4 GiB. What is written at run time is in it, too: all of it is the guest's RAM. */
#include "layout.h"

ENTRY(start)

SECTIONS
{
	. = IMAGE_BASE;
	.tables : { KEEP(*(.tables)) }
	.mailbox MAILBOX_BASE : { mailbox = .; . += PAGE_BYTES; }
	.text : { *(.text .text.* .rodata .rodata.*) }
	.acpi ACPI_Q35_BASE : { KEEP(*(.acpi)) }
	.data : { *(.data .data.* .bss .bss.*) *(COMMON) }
	/* Empty here; named because orphans are errors. */
	.unused : { *(.got .got.plt .igot.plt .iplt .rela.*) }
	/* Where a tenant binds a kernel, a command line and an initrd (cloister/guest_shim.h). */
	.binding IMAGE_BASE + IMAGE_BYTES - BINDING_FROM_END : { binding = .; . += BINDING_FROM_END - METADATA_FROM_END; }
	.metadata IMAGE_BASE + IMAGE_BYTES - METADATA_FROM_END : { KEEP(*(.metadata)) }
	.guids IMAGE_BASE + IMAGE_BYTES - 0x20 - 62 : { KEEP(*(.guids)) }
	.reset IMAGE_BASE + IMAGE_BYTES - 0x10 : { KEEP(*(.reset)) }
	ASSERT(SIZEOF(.guids) == 62, "the table of GUIDs ends 32 bytes below 4 GiB")
	ASSERT(SIZEOF(.reset) == 16, "the image ends at 4 GiB")
	/DISCARD/ : { *(.comment) *(.note*) *(.eh_frame*) *(.sframe) *(.gnu.attributes) }
}
