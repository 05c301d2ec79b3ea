/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TCG event log and, on top of it, the launch log. */
#include "fuzz/shared/harness.h"
#include "policy/event_words.h"
#include "policy/firmware_learn.h"
#include "policy/launch.h"

static bool is_inside(struct bytes part, struct bytes whole)
{
	return part.len == 0 || (part.data >= whole.data && part.len <= whole.len &&
				 (size_t)(part.data - whole.data) <= whole.len - part.len);
}

static void check_events(const struct tcg_log *log)
{
	struct tcg_cursor cursor = tcg_log_events(log);
	struct tcg_event event;
	uint32_t count = 1;

	for (; tcg_log_next(&cursor, &event); count++) {
		char name[64];

		PROMISE(event.index == count);
		PROMISE(event.pcr < 24 || event.type == EV_NO_ACTION);
		PROMISE(is_inside(event.data, log->raw));
		tcg_event_name(&event, name, sizeof(name));
		PROMISE(strlen(name) < sizeof(name));
	}
	PROMISE(count == log->event_count);
	PROMISE(cursor.reader.left == 0);
}

/* 'cloister log show' takes any bytes, and says something of every event. */
static void check_words(struct bytes input)
{
	struct any_log log = any_log_open(input);
	struct any_event event;
	char words[WORDS_BYTES];

	for (uint32_t count = 0; any_log_next(&log, &event); count++) {
		PROMISE(event.index == count && event.digest_count <= ANY_LOG_MAX_BANKS);
		PROMISE(is_inside(event.data, input));
		words[0] = '\0';
		event_words(&event, words);
		PROMISE(strlen(words) < sizeof(words));
		for (const char *c = words; *c; c++)
			PROMISE(*c >= 0x20 && *c < 0x7f);
	}
	PROMISE(log.wrong || log.reader.left == 0);
}

/* Rules that are learnt can be read again. */
static void check_learning(const struct tcg_log *log)
{
	static struct firmware_rules rules;
	struct parse_error error;
	void *storage;
	char why[160];
	json_t *json = firmware_learn(log, "model", why, sizeof(why));

	if (!json) {
		PROMISE(strlen(why) > 0);
		return;
	}
	char *text = json_dumps(json, 0);
	PROMISE(text != NULL);
	if (json_array_size(json_object_get(json, "pcr0")) < 100)
		PROMISE(firmware_rules_parse((struct bytes){(uint8_t *)text, strlen(text)}, &rules, &storage, &error) ||
			strstr(error.what, "permitted length"));
	else
		storage = NULL;
	free(storage);
	free(text);
	json_decref(json);
}

void fuzz_one(struct bytes input)
{
	struct launch launch;
	uint32_t where;

	check_words(input);
	if (tcg_log_open(input, &launch.log, &where) != TCG_LOG_OK)
		return;
	check_events(&launch.log);
	check_learning(&launch.log);
	if (!launch_parse(&launch))
		return;
	PROMISE(launch.log.event_count == 4);
	for (size_t i = 0; i < LAUNCH_EVENTS; i++)
		PROMISE(is_inside(launch.contents[i], input));
}
