/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a VMM is to start a guest, as far as the guest's measurements depend on it. */
#ifndef POLICY_GUEST_SETUP_H
#define POLICY_GUEST_SETUP_H

#include <cloister/guest_shim.h>

#include "policy/evidence.h"

#define GUEST_SETUP_TEXT_BYTES 8192u /* of a path or a command line */
#define GUEST_SETUP_NAME_BYTES 64u   /* of a machine or an object */

/* A text that is not given is empty, a number 0. */
struct guest_setup {
	char firmware[GUEST_SETUP_TEXT_BYTES];
	char kernel[GUEST_SETUP_TEXT_BYTES];
	char initrd[GUEST_SETUP_TEXT_BYTES];
	char command_line[GUEST_SETUP_TEXT_BYTES];
	char machine[GUEST_SETUP_NAME_BYTES];
	uint64_t ram_bytes;
	uint32_t vcpus;
	uint8_t mrconfigid[SHIM_DIGEST_BYTES];
	uint8_t mrowner[SHIM_DIGEST_BYTES];
	uint8_t mrownerconfig[SHIM_DIGEST_BYTES];
	/* What guest_setup_check looks at. */
	char guest_support[GUEST_SETUP_NAME_BYTES]; /* the object by which QEMU protects the guest */
	char tdx_guest[GUEST_SETUP_NAME_BYTES];     /* the object that is described */
	bool memory_backend;                        /* has a size, too */
	bool no_acpi;
	bool command_line_fixed; /* QEMU adds nothing to it */
};

/** Notes an error, of which 'where' may be hostile bytes. Always false. */
bool guest_setup_fail(struct parse_error *error, const char *where, const char *what);

/** Copies a text into one of the setup's, of 'size' bytes. */
bool guest_setup_text(char *to, size_t size, const char *text, const char *where, struct parse_error *error);

/** Where the text of QEMU's option or property 'name' is kept: of GUEST_SETUP_TEXT_BYTES. NULL: it is none of these */
char *guest_setup_place(struct guest_setup *setup, const char *name);

/** Is this the name of one of mrconfigid, mrowner and mrownerconfig? Where its value is kept, or NULL. */
uint8_t *guest_setup_register(struct guest_setup *setup, const char *name);

/** Reads a register's value as QEMU and libvirt take it: base64 of 48 bytes. */
bool guest_setup_base64(uint8_t value[SHIM_DIGEST_BYTES], const char *text, const char *where,
			struct parse_error *error);

/** A number of decimal digits. @end: what comes after them; NULL: nothing may */
bool guest_setup_number(const char *text, uint64_t *number, const char **end);

/** Reads a size as QEMU's -m has it: MiB without a suffix; in whole pieces of 8 KiB, as QEMU takes it. */
bool guest_setup_memory(const char *text, uint64_t *bytes);

/** Does all of it make a protected guest, whose command line is the one that is given? */
bool guest_setup_check(const struct guest_setup *setup, struct parse_error *error);

#endif
