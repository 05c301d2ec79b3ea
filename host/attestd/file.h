/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files of unknown length, as /sys has them. */
#ifndef ATTESTD_FILE_H
#define ATTESTD_FILE_H

#include <stddef.h>
#include <stdint.h>

struct blob {
	uint8_t *data; /* allocated, or NULL if there are no bytes */
	size_t bytes;
};

/** Reads a file of at most 'limit' bytes. Returns 0 or a negative errno; -EFBIG if it is longer. */
int file_read(const char *path, size_t limit, struct blob *blob);

/** Gives a blob's memory back. */
void blob_free(struct blob *blob);

#endif
