/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The image: exactly SUITE_BYTES below 4 GiB, variables and stacks included: all of it is the guest's RAM. */
#include "layout.h"

ENTRY(start)

SECTIONS
{
	. = SUITE_BASE;
	.tables : { KEEP(*(.tables)) }
	.mailbox : { mailbox = .; . += PAGE_BYTES; }
	.text : { *(.text .text.*) }
	.rodata : { *(.rodata .rodata.*) }
	.data : { *(.data .data.*) }
	/* Empty here; named because orphans are errors. */
	.unused : { *(.got .got.plt .igot.plt .iplt .rela.*) }
	.bss : { *(.bss .bss.*) *(COMMON) }
	.metadata SUITE_BASE + SUITE_BYTES - METADATA_BEFORE_END : { KEEP(*(.metadata)) }
	.guids SUITE_BASE + SUITE_BYTES - 0x20 - 40 : { KEEP(*(.guids)) }
	.reset SUITE_BASE + SUITE_BYTES - 0x10 : { KEEP(*(.reset)) }
	ASSERT(SIZEOF(.guids) == 40, "the table of GUIDs ends 32 bytes below 4 GiB")
	ASSERT(SIZEOF(.reset) == 16, "the image ends at 4 GiB")
	/DISCARD/ : { *(.comment) *(.note*) *(.eh_frame*) *(.sframe) *(.gnu.attributes) }
}
