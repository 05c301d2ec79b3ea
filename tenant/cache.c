/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two files for each host, DIRECTORY/HOST.tcg and HOST.launch, HOST being a digest of its address. */
#include "tenant/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/encoding.h"
#include "tenant/store.h"

#define HOST_BYTES 16u

static const char *const KINDS[KNOWN_LOGS_MAX] = {".tcg", ".launch"};

/* A file's name in the folder. */
struct name {
	char text[2 * HOST_BYTES + sizeof(".launch")];
};

static struct name name_of(const char *url, const char *kind)
{
	const struct digest digest = sha256((struct bytes){(const uint8_t *)url, strlen(url)});
	struct name name;

	hex_encode(digest.bytes, HOST_BYTES, name.text);
	strcat(name.text, kind);
	return name;
}

static bool is_ours(const char *name)
{
	const size_t host = strspn(name, "0123456789abcdef");

	return host == 2 * HOST_BYTES && (strcmp(name + host, KINDS[0]) == 0 || strcmp(name + host, KINDS[1]) == 0);
}

static void take(struct cache *cache, const char *directory, const char *name)
{
	struct file *file = &cache->files[cache->known.count];

	if (file_read_in(directory, name, ANSWER_MAX_BYTES, file))
		cache->known.log[cache->known.count++] =
			(struct evidence_log){sha256(file_bytes(file)), file_bytes(file)};
}

void cache_load(struct cache *cache, const char *directory, const char *url)
{
	*cache = (struct cache){.directory = directory, .url = url};
	const int folder = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (folder < 0)
		return;
	for (size_t i = 0; i < KNOWN_LOGS_MAX; i++) {
		const struct name name = name_of(url, KINDS[i]);

		/* Its time becomes the time of its last use. */
		if (utimensat(folder, name.text, NULL, AT_SYMLINK_NOFOLLOW) == 0)
			take(cache, directory, name.text);
	}
	close(folder);
}

void cache_load_saved(struct cache *cache, const char *directory)
{
	static const char *const names[KNOWN_LOGS_MAX] = {STORE_TCG_LOG, STORE_LAUNCH_LOG};

	*cache = (struct cache){.directory = NULL};
	const int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return;
	for (size_t i = 0; i < KNOWN_LOGS_MAX; i++)
		if (faccessat(folder, names[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			take(cache, directory, names[i]);
	close(folder);
}

/* A log of the folder, read into the cache if it has the digest. */
static bool take_if(struct cache *cache, const char *name, struct digest digest)
{
	const size_t before = cache->known.count;

	take(cache, cache->directory, name);
	if (cache->known.count == before)
		return false;
	if (digest_equal(cache->known.log[before].claimed, digest))
		return true;
	file_free(&cache->files[before]);
	cache->known.count = before;
	return false;
}

/* Reads the folder until the log is found. */
static void search(struct cache *cache, DIR *folder, struct digest digest)
{
	const struct dirent *entry;

	while ((entry = readdir(folder)))
		if (is_ours(entry->d_name) && take_if(cache, entry->d_name, digest))
			return;
}

const struct evidence_log *cache_find(struct cache *cache, struct digest digest)
{
	const bool may_search = cache->directory && cache->known.count < KNOWN_LOGS_MAX;
	DIR *folder = may_search && !known_log(&cache->known, digest) ? opendir(cache->directory) : NULL;

	if (folder) {
		search(cache, folder, digest);
		closedir(folder);
	}
	return known_log(&cache->known, digest);
}

/* Removes the file that was not used for longest, if there are too many. */
static void make_room(const char *directory)
{
	DIR *folder = opendir(directory);
	struct timespec oldest = {0};
	struct name name = {""};
	size_t count = 0;
	struct stat status;

	for (const struct dirent *entry; folder && (entry = readdir(folder));) {
		if (!is_ours(entry->d_name) || fstatat(dirfd(folder), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		const struct timespec used = status.st_mtim;
		if (count++ == 0 || used.tv_sec < oldest.tv_sec ||
		    (used.tv_sec == oldest.tv_sec && used.tv_nsec < oldest.tv_nsec)) {
			oldest = used;
			strcpy(name.text, entry->d_name);
		}
	}
	if (count > CACHE_MAX_FILES)
		unlinkat(dirfd(folder), name.text, 0);
	if (folder)
		closedir(folder);
}

static bool store(const struct cache *cache, const char *kind, const struct evidence_log *log)
{
	if (log->data.len == 0 || known_log(&cache->known, log->claimed) ||
	    !digest_equal(sha256(log->data), log->claimed))
		return true;
	if (!file_write_in(cache->directory, name_of(cache->url, kind).text, log->data))
		return false;
	make_room(cache->directory);
	return true;
}

void cache_store(const struct cache *cache, const struct evidence *evidence)
{
	if (!cache->directory)
		return;
	if (!file_make_folder(cache->directory))
		fprintf(stderr, "cloister: %s: %s\n", cache->directory, strerror(errno));
	else if (store(cache, KINDS[0], &evidence->tcg_log) && store(cache, KINDS[1], &evidence->hv_log))
		return;
	fprintf(stderr, "cloister: the logs are not kept and will travel again; see --cache, --no-cache\n");
}

void cache_free(struct cache *cache)
{
	for (size_t i = 0; i < KNOWN_LOGS_MAX; i++)
		file_free(&cache->files[i]);
	cache->known.count = 0;
}
