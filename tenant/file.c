/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole files, with a bound. */
#include "tenant/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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
	file->oversize = file->len > max;
	if (file->oversize)
		return complain(path, "longer than any file of the kind that is meant here");
	return true;
}

/* @stream: NULL if it could not be opened, for the reason in errno */
static bool read_and_close(FILE *stream, const char *path, size_t max, struct file *file)
{
	*file = (struct file){.data = NULL};
	if (!stream)
		return complain(path, strerror(errno));
	const bool ok = read_stream(stream, path, max, file);
	fclose(stream);
	if (!ok) {
		const bool oversize = file->oversize;

		file_free(file);
		file->oversize = oversize;
	}
	return ok;
}

bool file_read(const char *path, size_t max, struct file *file)
{
	return read_and_close(fopen(path, "rb"), path, max, file);
}

static bool join(const char *directory, const char *name, char path[PATH_MAX])
{
	const int len = snprintf(path, PATH_MAX, "%s/%s", directory, name);

	return (len > 0 && len < PATH_MAX) || complain(directory, "is too long a path");
}

/*
 * The user did not choose this name, so another user's link is not followed, nor a FIFO's other end waited for.
 */
static FILE *open_regular(const char *path)
{
	const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat status;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		return fdopen(fd, "rb");
	close(fd);
	errno = ELOOP; /* as for a link */
	return NULL;
}

bool file_read_in(const char *directory, const char *name, size_t max, struct file *file)
{
	char path[PATH_MAX];

	*file = (struct file){.data = NULL};
	if (!join(directory, name, path))
		return false;
	FILE *stream = open_regular(path);
	if (!stream && errno == ELOOP)
		return complain(path, "is a link or no regular file, and is not read: remove it");
	return read_and_close(stream, path, max, file);
}

bool file_is_there(const char *directory, const char *name)
{
	const int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const bool there = (folder >= 0 && faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0) || errno != ENOENT;

	if (folder >= 0)
		close(folder);
	return there;
}

/*
 * What mkostemp made is for the user alone; evidence is no secret, and has the rights of any file that the user makes.
 */
static bool fill(int fd, struct bytes data)
{
	const mode_t mask = umask(0);
	umask(mask);
	const bool shared = fchmod(fd, 0666 & ~mask) == 0;
	FILE *stream = fdopen(fd, "wb");
	if (!stream) {
		close(fd);
		return false;
	}
	const bool written = data.len == 0 || fwrite(data.data, 1, data.len, stream) == data.len;
	const bool kept = written && fflush(stream) == 0 && fsync(fd) == 0; /* before the name is another's */
	return fclose(stream) == 0 && kept && shared;
}

/* What has the name is replaced as a whole or not at all, and not written through if it is a link. */
bool file_write_in(const char *directory, const char *name, struct bytes data)
{
	char path[PATH_MAX], new_path[PATH_MAX];

	if (!join(directory, name, path) || !join(directory, ".new.XXXXXX", new_path))
		return false;
	const int fd = mkostemp(new_path, O_CLOEXEC);
	if (fd < 0)
		return complain(path, strerror(errno));
	if (fill(fd, data) && rename(new_path, path) == 0)
		return true;
	complain(path, strerror(errno));
	unlink(new_path);
	return false;
}

bool file_write(const char *path, struct bytes data)
{
	const char *slash = strrchr(path, '/');
	const size_t folder_len = slash ? (size_t)(slash - path) : 0;
	char folder[PATH_MAX];

	if (folder_len >= sizeof(folder))
		return complain(path, "is too long a path");
	snprintf(folder, sizeof(folder), "%.*s", (int)folder_len, path);
	return file_write_in(slash ? (folder_len ? folder : "/") : ".", slash ? slash + 1 : path, data);
}

static bool hash_stream(FILE *stream, const char *path, uint8_t digest[SHA384_BYTES])
{
	static uint8_t buffer[64u << 10];
	struct sha384 *hash = sha384_new();
	size_t len;

	while ((len = fread(buffer, 1, sizeof(buffer), stream)) > 0)
		sha384_add(hash, (struct bytes){buffer, len});
	sha384_end(hash, digest);
	return ferror(stream) ? complain(path, strerror(errno)) : true;
}

bool file_sha384(const char *path, uint8_t digest[SHA384_BYTES])
{
	FILE *stream = fopen(path, "rb");

	if (!stream)
		return complain(path, strerror(errno));
	const bool ok = hash_stream(stream, path, digest);
	fclose(stream);
	return ok;
}

bool file_make_folder(const char *directory)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s", directory) >= (int)sizeof(path))
		return false;
	for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700); /* if it fails, the last one does */
		*slash = '/';
	}
	return mkdir(path, 0700) == 0 || errno == EEXIST;
}

void file_free(struct file *file)
{
	free(file->data);
	*file = (struct file){.data = NULL};
}
