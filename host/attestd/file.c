/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files of unknown length, as /sys has them. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_BYTES 65536u

/* Makes room for at least one more byte; one more than 'limit' shows that a file is too long. */
static int grow(struct blob *blob, size_t *capacity, size_t limit)
{
	size_t larger = *capacity ? 2 * *capacity : FIRST_BYTES;
	uint8_t *data;

	if (blob->bytes < *capacity)
		return 0;
	if (larger > limit + 1)
		larger = limit + 1;
	data = realloc(blob->data, larger);
	if (!data)
		return -ENOMEM;
	blob->data = data;
	*capacity = larger;
	return 0;
}

static int read_all(int file, size_t limit, struct blob *blob)
{
	size_t capacity = 0;

	while (blob->bytes <= limit) {
		const int error = grow(blob, &capacity, limit);
		ssize_t got;

		if (error)
			return error;
		got = read(file, blob->data + blob->bytes, capacity - blob->bytes);
		if (got == 0)
			return 0;
		if (got < 0 && errno != EINTR)
			return -errno;
		blob->bytes += got > 0 ? (size_t)got : 0;
	}
	return -EFBIG;
}

int file_read(const char *path, size_t limit, struct blob *blob)
{
	const int file = open(path, O_RDONLY | O_CLOEXEC);
	int error;

	*blob = (struct blob){0};
	if (file < 0)
		return -errno;
	error = read_all(file, limit, blob);
	close(file);
	if (error)
		blob_free(blob);
	return error;
}

void blob_free(struct blob *blob)
{
	free(blob->data);
	*blob = (struct blob){0};
}
