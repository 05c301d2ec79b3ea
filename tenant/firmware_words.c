/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Firmware for people. */
#include "tenant/firmware_words.h"

#include <stdio.h>

#include "policy/encoding.h"
#include "policy/event_words.h"

#define PCR_BOOT 4u

void firmware_print_event(const struct tcg_event *event, const char *before)
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
		firmware_print_event(&event, "  ");
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
		printf("UNUSUAL: Secure Boot is off. Whoever writes the disk chooses what the firmware starts; the\n"
		       "  choice is measured, and the policy's loader decides.\n");
	while (tcg_log_next_of(&cursor, PCR_BOOT, &event) && !firmware_is_separator(event.sha256)) {
		if (event.type != 0x80000003 && event.type != 0x80000004)
			continue;
		usual = false;
		printf("UNUSUAL: the firmware started a program before its boot entries: list it in before_loader.\n");
		firmware_print_event(&event, "  ");
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
	printf("- whose TPM was started from locality %u\n", log->startup_locality);
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
