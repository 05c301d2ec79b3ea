/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files, with a bound. */
#include "tenant/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static bool complain(const char *path, const char *why)
{
	fprintf(stderr, "cloister: %s: %s\n", path, why);
	return false;
}

static bool read_stream(FILE *stream, const char *path, size_t max, struct file *file)
{
	file->data = malloc(max + 1);
	if (!file->data)
		return complain(path, "out of memory");
	file->len = fread(file->data, 1, max + 1, stream);
	if (ferror(stream))
		return complain(path, strerror(errno));
	if (file->len > max)
		return complain(path, "longer than any file of the kind that is meant here");
	return true;
}

bool file_read(const char *path, size_t max, struct file *file)
{
	*file = (struct file){NULL, 0};
	FILE *stream = fopen(path, "rb");
	if (!stream)
		return complain(path, strerror(errno));
	const bool ok = read_stream(stream, path, max, file);
	fclose(stream);
	if (!ok)
		file_free(file);
	return ok;
}

static bool join(const char *directory, const char *name, char path[PATH_MAX])
{
	const int len = snprintf(path, PATH_MAX, "%s/%s", directory, name);

	return (len > 0 && len < PATH_MAX) || complain(directory, "is too long a path");
}

bool file_read_in(const char *directory, const char *name, size_t max, struct file *file)
{
	char path[PATH_MAX];

	*file = (struct file){NULL, 0};
	return join(directory, name, path) && file_read(path, max, file);
}

bool file_write_in(const char *directory, const char *name, struct bytes data)
{
	char path[PATH_MAX];

	if (!join(directory, name, path))
		return false;
	FILE *stream = fopen(path, "wb");
	if (!stream)
		return complain(path, strerror(errno));
	const bool written = data.len == 0 || fwrite(data.data, 1, data.len, stream) == data.len;
	const bool closed = fclose(stream) == 0;
	return (written && closed) || complain(path, strerror(errno));
}

void file_free(struct file *file)
{
	free(file->data);
	*file = (struct file){NULL, 0};
}
