/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's files: its firmware, kernel and initrd. Everything that fails is said on standard error. */
#ifndef TENANT_GUEST_FILES_H
#define TENANT_GUEST_FILES_H

#include "policy/shim_measure.h"
#include "policy/tdvf.h"
#include "tenant/file.h"

/* Firmware: its bytes, and what is known of them. */
struct guest_image {
	struct file file;
	struct tdvf_measure measure;
	enum shim_image kind;
	size_t binding_at;           /* of the shim: where in the file its binding lies */
	struct shim_binding binding; /* and what it says */
};

/** Reads and measures firmware; free it with file_free. */
bool guest_image_read(const char *path, struct guest_image *image);

/** MRTD of firmware whose bytes are read. @path: for messages */
bool guest_image_measure(const char *path, struct bytes image, struct tdvf_measure *measure);

/** What guest-shim would find of these. @initrd, @command_line: empty if there is none */
bool guest_files_hash(const char *kernel, const char *initrd, const char *command_line, struct shim_binding *digests);

#endif
