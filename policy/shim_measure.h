/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What guest-shim measures of a guest, computed from the guest's files and from what its VMM is told, and what a tenant
 * binds into the shim's image (include/cloister/guest_shim.h).
 */
#ifndef POLICY_SHIM_MEASURE_H
#define POLICY_SHIM_MEASURE_H

#include <cloister/guest_shim.h>

#include "policy/sha384.h"

/* From here on QEMU may place RAM otherwise, since AMD's CPUs reserve addresses below 1 TiB. */
#define SHIM_RAM_BYTES_MAX (512ull << 30)

enum shim_image {
	SHIM_IMAGE_OTHER,     /* has no marker: firmware that is not guest-shim */
	SHIM_IMAGE_UNBOUND,   /* starts any kernel */
	SHIM_IMAGE_BOUND,     /* starts what its binding names */
	SHIM_IMAGE_MALFORMED, /* its marker leads to no binding */
};

/** Which image is this? @offset: of its binding, if it is the shim */
enum shim_image shim_image_read(struct bytes image, size_t *offset, struct shim_binding *binding);

/** The machine 'name' of QEMU, such as q35, pc-q35-10.0 or microvm; 0 if the shim does not run on it. */
enum shim_machine_type shim_machine_type(const char *name);

/** What the shim finds of a machine with so much RAM, as QEMU places it. False: no whole pages, or too many. */
bool shim_machine(enum shim_machine_type type, uint64_t ram_bytes, struct shim_machine *machine);

/** RTMR 0 of a guest on this machine. */
void shim_measure_machine(const struct shim_machine *machine, uint8_t rtmr[SHIM_DIGEST_BYTES]);

/** RTMR 1 and 2 of a guest that is started with these digests. */
void shim_measure_boot(const struct shim_binding *digests, uint8_t rtmr1[SHIM_DIGEST_BYTES],
		       uint8_t rtmr2[SHIM_DIGEST_BYTES]);

#endif
