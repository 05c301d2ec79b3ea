/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a VMM loads the suite, and where the second vCPU comes from the mailbox. */
#include "layout.h"

/* In 64-bit mode without a stack (guest-shim/start.S). The first vCPU has said where the stack ends. */
	.text
	.globl	second_start
second_start:
	movq	second_stack(%rip), %rsp
	call	second_main
	ud2

/* Intel TDX Virtual Firmware Design Guide, 11: this image, measured, and the list of hand-off blocks. */
	.section .metadata, "a"
metadata:
	.ascii	"TDVF"
	.long	metadata_end - metadata, 1, 2
	.long	0, SUITE_BYTES, SUITE_BASE, 0, SUITE_BYTES, 0, 0, 1 /* type 0: image; measured */
	.long	0, 0, HOB_BASE, 0, HOB_BYTES, 0, 2, 0
metadata_end:

/* The table of GUIDs, read from its end, 32 bytes below 4 GiB. */
	.section .guids, "a"
guids:
	.long	METADATA_BEFORE_END
	.word	4 + 18
	.byte	0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98, 0x98, 0x47, 0x86, 0x5e, 0x46, 0x85, 0xa7, 0xbf, 0x8e, 0xc2
	.word	. - guids + 18
	.byte	0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45, 0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d

	.section .note.GNU-stack, "", @progbits
