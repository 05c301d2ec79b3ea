/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 'cloister log show': any TCG event log in words, and whether a verdict could be had of it. */
#include <stdio.h>
#include <string.h>

#include "policy/encoding.h"
#include "policy/event_words.h"
#include "tenant/commands.h"
#include "tenant/file.h"

#define LOG_MAX_BYTES (16u << 20)

static const struct any_digest *find_digest(const struct any_event *event, uint16_t algorithm)
{
	for (uint32_t i = 0; i < event->digest_count; i++)
		if (event->digests[i].algorithm == algorithm)
			return &event->digests[i];
	return NULL;
}

/* Of the digests the SHA-256, or the first. */
static void print_digest(const struct any_event *event)
{
	const struct any_digest *digest = find_digest(event, TPM_ALG_SHA256);
	char text[2 * 64 + 1];
	size_t bytes;

	if (!digest)
		digest = event->digest_count ? &event->digests[0] : NULL;
	if (!digest || event->type == EV_NO_ACTION)
		return;
	const char *name = any_log_algorithm(digest->algorithm, &bytes);
	hex_encode(digest->bytes.data, digest->bytes.len, text);
	printf("            %s %s", name ? name : "digest", text);
	if (digest->algorithm == TPM_ALG_SHA256) {
		const struct digest own = sha256(event->data);

		printf("%s", bytes_equal(digest->bytes, own.bytes, SHA256_BYTES) ? " (of this data)" : "");
	}
	putchar('\n');
}

static void print_event(const struct any_event *event)
{
	const char *type = tcg_event_type_name(event->type);
	char words[WORDS_BYTES], number[24];

	snprintf(number, sizeof(number), "type 0x%08x", event->type);
	event_words(event, words);
	printf("%5u PCR %-2u %s: %s\n", event->index, event->pcr, type ? type : number, words);
	print_digest(event);
}

/* Whoever reads a log wants to know what 'verify' would say of it. */
static void print_acceptance(struct bytes raw)
{
	struct tcg_log log;
	uint32_t where;
	const enum tcg_log_result result = tcg_log_open(raw, &log, &where);

	if (result == TCG_LOG_OK)
		printf("cloister verify reads this log.\n");
	else
		printf("cloister verify refuses this log: event %u: %s.\n", where, tcg_log_result_text(result));
}

static int show(const char *path)
{
	struct any_event event;
	struct file file;
	uint32_t events = 0;

	if (!file_read(path, LOG_MAX_BYTES, &file))
		return EXIT_USAGE;
	struct any_log log = any_log_open(file_bytes(&file));
	for (; any_log_next(&log, &event); events++)
		print_event(&event);
	printf("%u events. Only digests are measured: types and data are what the log claims.\n", events);
	if (log.filling > 0)
		printf("Then %zu bytes of erased memory, which are no event.\n", log.filling);
	if (log.wrong)
		fprintf(stderr, "cloister: %s: after event %u: %s\n", path, events ? events - 1 : 0, log.wrong);
	else if (events > 0)
		print_acceptance(file_bytes(&file));
	file_free(&file);
	return log.wrong || events == 0 ? EXIT_USAGE : 0;
}

int command_log(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "show") == 0 && argv[2][0] != '-')
		return show(argv[2]);
	fprintf(stderr, "usage: cloister log show FILE\n");
	return EXIT_USAGE;
}
