/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Firmware for people. */
#include "tenant/firmware_words.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "policy/encoding.h"
#include "policy/event_words.h"
#include "tenant/file.h"
#include "tenant/store.h"

#define LOG_MAX_BYTES (16u << 20)
#define PCR_FIRMWARE  8u
#define PCR_BOOT      4u

static void print_event(const struct tcg_event *event, const char *before)
{
	const struct any_event any = {
		.index = event->index, .pcr = event->pcr, .type = event->type, .data = event->data};
	const char *type = tcg_event_type_name(event->type);
	char words[WORDS_BYTES], digest[2 * SHA256_BYTES + 1];

	event_words(&any, words);
	hex_encode(event->sha256.bytes, SHA256_BYTES, digest);
	printf("%sPCR %u %s: %s\n%s      %s\n", before, event->pcr, type ? type : "event", words, before, digest);
}

static size_t print_pcr(const struct tcg_log *log, uint32_t pcr)
{
	struct tcg_cursor cursor = tcg_log_events(log);
	struct tcg_event event;
	size_t count = 0;

	while (tcg_log_next_of(&cursor, pcr, &event)) {
		if (firmware_is_separator(event.sha256))
			continue;
		print_event(&event, "  ");
		count++;
	}
	return count;
}

/* Drivers, programs of the firmware before its separator, Secure Boot off. */
static void print_unusual(const json_t *rules, const struct tcg_log *log)
{
	const bool secure_boot = json_is_true(json_object_get(json_object_get(rules, "secure_boot"), "enabled"));
	const size_t drivers = json_array_size(json_object_get(rules, "pcr2"));
	struct tcg_cursor cursor = tcg_log_events(log);
	struct tcg_event event;
	bool usual = secure_boot && drivers == 0;

	if (drivers > 0)
		printf("UNUSUAL: %zu drivers ran before the loader. Each of them, and whoever updates it, owns the\n"
		       "  machine: know where each comes from, and see that none is of Driver#### (efibootmgr -r).\n",
		       drivers);
	if (!secure_boot)
		printf("UNUSUAL: Secure Boot is off. Whoever writes the disk chooses what the firmware starts; what he\n"
		       "  chose is measured, and the policy's loader decides.\n");
	while (tcg_log_next_of(&cursor, PCR_BOOT, &event) && !firmware_is_separator(event.sha256)) {
		if (event.type != 0x80000003 && event.type != 0x80000004)
			continue;
		usual = false;
		printf("UNUSUAL: the firmware started a program before its boot entries: list it in before_loader.\n");
		print_event(&event, "  ");
	}
	if (usual)
		printf("Nothing is unusual.\n");
}

void firmware_words(const json_t *rules, const struct tcg_log *log, const char *path)
{
	char model[RULES_MODEL];
	const char *name = json_string_value(json_object_get(rules, "model"));

	text_clean((struct bytes){(const uint8_t *)name, strlen(name)}, model, sizeof(model));
	printf("Firmware of \"%s\". The rules in %s accept machines\n\n"
	       "- whose firmware measures exactly this of itself:\n",
	       model, path);
	print_pcr(log, 0);
	printf("- on which no driver runs before the loader%s\n",
	       json_array_size(json_object_get(rules, "pcr2")) ? " but these:" : "");
	print_pcr(log, 2);
	printf("- whose settings (PCR 1, 3, 6) are measured by the same kinds of events\n"
	       "- with these Secure Boot settings:\n");
	print_pcr(log, 7);
	putchar('\n');
	print_unusual(rules, log);
	printf("\nAdd them to a policy: cloister policy new --from POLICY --firmware %s --output FILE\n", path);
}

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

/* How often does a PCR of the log have this event, up to number 'last'? */
static size_t count_event(const struct tcg_log *log, const struct tcg_event *wanted, uint32_t last)
{
	struct tcg_cursor cursor = tcg_log_events(log);
	struct tcg_event event;
	size_t count = 0;

	while (tcg_log_next_of(&cursor, wanted->pcr, &event) && event.index <= last)
		count += digest_equal(event.sha256, wanted->sha256);
	return count;
}

/* Events of 'log' that 'other' has not, or less often. */
static bool print_missing(const struct tcg_log *log, const struct tcg_log *other, uint32_t pcr, const char *before)
{
	struct tcg_cursor cursor = tcg_log_events(log);
	struct tcg_event event;
	bool any = false;

	while (tcg_log_next_of(&cursor, pcr, &event)) {
		if (count_event(log, &event, event.index) <= count_event(other, &event, UINT32_MAX))
			continue;
		print_event(&event, before);
		any = true;
	}
	return any;
}

/* The same events in another order. */
static bool same_order(const struct tcg_log *a, const struct tcg_log *b, uint32_t pcr)
{
	struct tcg_cursor left = tcg_log_events(a), right = tcg_log_events(b);
	struct tcg_event one, other;

	while (tcg_log_next_of(&left, pcr, &one))
		if (!tcg_log_next_of(&right, pcr, &other) || !digest_equal(one.sha256, other.sha256))
			return false;
	return !tcg_log_next_of(&right, pcr, &other);
}

static bool diff_logs(const struct tcg_log *a, const struct tcg_log *b)
{
	bool differ = false;

	for (uint32_t pcr = 0; pcr < PCR_FIRMWARE; pcr++) {
		if (same_order(a, b, pcr))
			continue;
		differ = true;
		printf("PCR %u, %s:\n", pcr, pcr_use(pcr));
		const bool removed = print_missing(a, b, pcr, "- ");
		const bool added = print_missing(b, a, pcr, "+ ");
		if (!removed && !added)
			printf("  the same events in another order\n");
	}
	if (!differ)
		printf("PCRs 0 to 7 have the same events.\n");
	return differ;
}

bool firmware_diff(const char *a, const char *b, bool *differ)
{
	struct file files[2];
	struct tcg_log logs[2];
	const bool first = read_log(a, &files[0], &logs[0]);
	const bool second = read_log(b, &files[1], &logs[1]);

	if (first && second)
		*differ = diff_logs(&logs[0], &logs[1]);
	file_free(&files[0]);
	file_free(&files[1]);
	return first && second;
}
