/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which events of PCRs 0 to 7 two logs do not share, and whether the TPM was started otherwise. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "policy/event_words.h"
#include "tenant/file.h"
#include "tenant/firmware_words.h"
#include "tenant/store.h"

#define LOG_MAX_BYTES (16u << 20)
#define PCR_FIRMWARE  8u

/* A log, or a folder of evidence with one. */
static bool read_log(const char *path, struct file *file, struct tcg_log *log)
{
	struct stat status;
	uint32_t where;

	*file = (struct file){.data = NULL};
	const bool folder = stat(path, &status) == 0 && S_ISDIR(status.st_mode);
	if (folder ? !file_read_in(path, STORE_TCG_LOG, LOG_MAX_BYTES, file) : !file_read(path, LOG_MAX_BYTES, file))
		return false;
	const enum tcg_log_result result = tcg_log_open(file_bytes(file), log, &where);
	if (result != TCG_LOG_OK)
		fprintf(stderr, "cloister: %s: event %u: %s\n", path, where, tcg_log_result_text(result));
	return result == TCG_LOG_OK;
}

/* The events of one PCR by digest, and of one digest in the log's order. */
struct index {
	struct entry {
		struct digest digest;
		uint32_t event;
	} *entries;
	size_t count;
};

static int compare(const void *a, const void *b)
{
	const struct entry *left = a, *right = b;
	const int order = memcmp(left->digest.bytes, right->digest.bytes, SHA256_BYTES);

	return order ? order : (left->event > right->event) - (left->event < right->event);
}

static bool index_make(const struct tcg_log *log, uint32_t pcr, struct index *index)
{
	struct tcg_cursor cursor = tcg_log_events(log);
	struct tcg_event event;

	*index = (struct index){.entries = calloc(log->event_count, sizeof(*index->entries))};
	while (index->entries && tcg_log_next_of(&cursor, pcr, &event))
		index->entries[index->count++] = (struct entry){event.sha256, event.index};
	if (index->entries)
		qsort(index->entries, index->count, sizeof(*index->entries), compare);
	return index->entries != NULL;
}

/* How many entries are less than this one. */
static size_t rank(const struct index *index, struct digest digest, uint32_t event)
{
	const struct entry wanted = {digest, event};
	size_t low = 0, high = index->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (compare(&index->entries[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* How often does the PCR have this digest before event number 'end'? */
static size_t count_before(const struct index *index, struct digest digest, uint32_t end)
{
	return rank(index, digest, end) - rank(index, digest, 0);
}

/* Events of 'log' that 'other' has not, or less often. */
static bool print_missing(const struct tcg_log *log, const struct index *own, const struct index *other, uint32_t pcr,
			  const char *before)
{
	struct tcg_cursor cursor = tcg_log_events(log);
	struct tcg_event event;
	bool any = false;

	while (tcg_log_next_of(&cursor, pcr, &event)) {
		if (count_before(own, event.sha256, event.index) < count_before(other, event.sha256, UINT32_MAX))
			continue;
		firmware_print_event(&event, before);
		any = true;
	}
	return any;
}

/* The same events in the same order. */
static bool is_same(const struct tcg_log *a, const struct tcg_log *b, uint32_t pcr)
{
	struct tcg_cursor left = tcg_log_events(a), right = tcg_log_events(b);
	struct tcg_event one, other;

	while (tcg_log_next_of(&left, pcr, &one))
		if (!tcg_log_next_of(&right, pcr, &other) || !digest_equal(one.sha256, other.sha256))
			return false;
	return !tcg_log_next_of(&right, pcr, &other);
}

/* False if memory is short. */
static bool print_pcr(const struct tcg_log *a, const struct tcg_log *b, uint32_t pcr)
{
	struct index in_a, in_b = {NULL, 0};
	const bool made = index_make(a, pcr, &in_a) && index_make(b, pcr, &in_b);

	if (made) {
		printf("PCR %u, %s:\n", pcr, pcr_use(pcr));
		const bool removed = print_missing(a, &in_a, &in_b, pcr, "- ");
		const bool added = print_missing(b, &in_b, &in_a, pcr, "+ ");
		if (!removed && !added)
			printf("  the same events in another order\n");
	} else {
		fprintf(stderr, "cloister: out of memory\n");
	}
	free(in_a.entries);
	free(in_b.entries);
	return made;
}

/* What PCR 0 starts with: the event that says so extends nothing. */
static bool print_startup(const struct tcg_log *a, const struct tcg_log *b)
{
	if (a->startup_locality == b->startup_locality)
		return false;
	printf("TPM2_Startup, what PCR 0 starts with:\n- from locality %u\n+ from locality %u\n", a->startup_locality,
	       b->startup_locality);
	return true;
}

static bool diff_logs(const struct tcg_log *a, const struct tcg_log *b, bool *differ)
{
	*differ = print_startup(a, b);
	for (uint32_t pcr = 0; pcr < PCR_FIRMWARE; pcr++) {
		if (is_same(a, b, pcr))
			continue;
		*differ = true;
		if (!print_pcr(a, b, pcr))
			return false;
	}
	if (!*differ)
		printf("PCRs 0 to 7 have the same events.\n");
	return true;
}

bool firmware_diff(const char *a, const char *b, bool *differ)
{
	struct file files[2];
	struct tcg_log logs[2];
	const bool first = read_log(a, &files[0], &logs[0]);
	const bool second = read_log(b, &files[1], &logs[1]);
	const bool done = first && second && diff_logs(&logs[0], &logs[1], differ);

	file_free(&files[0]);
	file_free(&files[1]);
	return done;
}
