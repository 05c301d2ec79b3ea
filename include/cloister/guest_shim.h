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

/* The guest's RAM as the VMM tells it: sorted, what adjoins joined, the rest of 'ram' zero. Little endian. */
struct shim_machine {
	char magic[16]; /* SHIM_MACHINE_MAGIC, with its final zero */
	uint32_t type;  /* enum shim_machine_type */
	uint32_t ram_count;
	struct {
		uint64_t base, bytes;
	} ram[SHIM_RAM_MAX];
};

/*
 * What the tenant may bind into the image, and so into MRTD: a kernel, a command line and an initrd that differ from
 * these are not started. It lies SHIM_BINDING_FROM_END bytes before the image's end; all zero: nothing is bound.
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
