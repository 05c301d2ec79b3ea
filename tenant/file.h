/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files, with a bound. */
#ifndef TENANT_FILE_H
#define TENANT_FILE_H

#include "policy/sha384.h"

/* A file's bytes; free with file_free. */
struct file {
	uint8_t *data;
	size_t len;
	bool oversize; /* it was not read, because it is longer than it may be */
};

/** Reads a file of at most 'max' bytes. On failure says why on standard error. */
bool file_read(const char *path, size_t max, struct file *file);

/** Reads DIRECTORY/NAME, which must be a regular file and no link. */
bool file_read_in(const char *directory, const char *name, size_t max, struct file *file);

/** Is there something of that name? Only what is certainly not there is not: any other error is found by reading it. */
bool file_is_there(const char *directory, const char *name);

/** Writes DIRECTORY/NAME, in place of what was there. On failure says why on standard error. */
bool file_write_in(const char *directory, const char *name, struct bytes data);

/** Writes a file in place of what was there: as a whole, or not at all. On failure says why on standard error. */
bool file_write(const char *path, struct bytes data);

/** Hashes a file of any size. On failure says why on standard error. */
bool file_sha384(const char *path, uint8_t digest[SHA384_BYTES]);

/** Makes a folder, and those that it lies in, if it is not there. Sets errno on failure. */
bool file_make_folder(const char *directory);

void file_free(struct file *file);

static inline struct bytes file_bytes(const struct file *file)
{
	return (struct bytes){file->data, file->len};
}

#endif
