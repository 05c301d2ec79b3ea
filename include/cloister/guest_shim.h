/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What guest-shim measures into a guest's RTMRs: known to the shim, and to who computes the values from files.
 *
 *   RTMR 0: SHA-384 of struct shim_machine
 *   RTMR 1: SHA-384 of the kernel's file
 *   RTMR 2: SHA-384 of the command line without its final zero, then SHA-384 of the initrd, or of no bytes
 *
 * Each digest is extended: RTMR = SHA-384(RTMR | digest), from 48 zero bytes on. RTMR 3 is the guest's own.
 */
#ifndef CLOISTER_GUEST_SHIM_H
#define CLOISTER_GUEST_SHIM_H

#include <stdint.h>

#define SHIM_DIGEST_BYTES 48u

enum shim_rtmr { SHIM_RTMR_MACHINE = 0, SHIM_RTMR_KERNEL = 1, SHIM_RTMR_BOOT = 2 };

/* The VMM's machine, as the shim finds it; each has ACPI tables in the shim's image. */
enum shim_machine_type { SHIM_Q35 = 1, SHIM_MICROVM = 2 };

#define SHIM_MACHINE_MAGIC "cloister-shim-1"
#define SHIM_RAM_MAX       8u

struct shim_range {
	uint64_t base, bytes;
};

/* The guest's RAM as the VMM tells it: sorted, what adjoins joined, the rest of 'ram' zero. Little endian. */
struct shim_machine {
	char magic[16]; /* SHIM_MACHINE_MAGIC, with its final zero */
	uint32_t type;  /* enum shim_machine_type */
	uint32_t ram_count;
	struct shim_range ram[SHIM_RAM_MAX];
};

/*
 * The marker by which an image says that it is guest-shim, and where its binding lies: an entry of the table of GUIDs
 * that ends 32 bytes before the image's end, like the entry of the TDX metadata (TDVF Design Guide, 11). Its GUID is
 * 6f3a2b5e-9c41-4d7a-8e0b-c10157e25481, here in its order of bytes; its data are 4 bytes, little endian: how many bytes
 * the binding begins before the image's end.
 */
#define SHIM_MARKER_GUID                                                                                        \
	{                                                                                                       \
		0x5e, 0x2b, 0x3a, 0x6f, 0x41, 0x9c, 0x7a, 0x4d, 0x8e, 0x0b, 0xc1, 0x01, 0x57, 0xe2, 0x54, 0x81, \
	}
#define SHIM_MARKER_BYTES 4u

/*
 * What the tenant may bind into the image, and so into MRTD: a kernel, a command line and an initrd that differ from
 * these are not started. All zero: nothing is bound. The shim's own layout puts it SHIM_BINDING_FROM_END bytes before
 * the image's end; software that reads images takes the marker's word for it.
 */
#define SHIM_BINDING_MAGIC    "cloister-bound-1"
#define SHIM_BINDING_FROM_END 0x1000u

struct shim_binding {
	char magic[16]; /* SHIM_BINDING_MAGIC, without a final zero */
	uint8_t kernel[SHIM_DIGEST_BYTES];
	uint8_t command_line[SHIM_DIGEST_BYTES];
	uint8_t initrd[SHIM_DIGEST_BYTES];
};

_Static_assert(sizeof(struct shim_machine) == 152, "struct shim_machine");
_Static_assert(sizeof(struct shim_binding) == 160, "struct shim_binding");

#endif
