/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a VMM and a tenant find what they look for in the image. */
#include "layout.h"

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
