/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of logs that hosts sent before, so a log travels once per boot. */
#ifndef TENANT_CACHE_H
#define TENANT_CACHE_H

#include "policy/evidence.h"
#include "tenant/file.h"

#define CACHE_MAX_FILES 128u /* two for each host; the ones that were not used for longest make room */

/* What is kept of one host. */
struct cache {
	const char *directory; /* NULL: nothing is kept */
	const char *url;
	struct known_logs known;
	struct file files[KNOWN_LOGS_MAX]; /* in which they lie */
};

/**
 * Reads what is kept of a host. These bytes are not authenticated: they count as the log whose digest they have.
 * @directory: or NULL. It need not be there
 * Free with cache_free.
 */
void cache_load(struct cache *cache, const char *directory, const char *url);

/** Reads the logs that were saved with an answer (see store.h), where they are: the answer may name them only. */
void cache_load_saved(struct cache *cache, const char *directory);

/** Keeps the logs of an answer in place of what was kept before. On failure says so on standard error. */
void cache_store(const struct cache *cache, const struct evidence *evidence);

/**
 * Looks for a log by its digest in the cache's folder, whichever host sent it. Returns it with its data, which lives as
 * long as the cache, or NULL.
 */
const struct evidence_log *cache_find(struct cache *cache, struct digest digest);

void cache_free(struct cache *cache);

#endif
