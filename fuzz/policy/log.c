/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TCG event log and, on top of it, the launch log. */
#include "harness.h"
#include "policy/hk.h"

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
		PROMISE(event.pcr < 24);
		PROMISE(is_inside(event.data, log->raw));
		tcg_event_name(&event, name, sizeof(name));
		PROMISE(strlen(name) < sizeof(name));
	}
	PROMISE(count == log->event_count);
	PROMISE(cursor.reader.left == 0);
}

void fuzz_one(struct bytes input)
{
	struct launch launch;
	uint32_t where;

	if (tcg_log_open(input, &launch.log, &where) != TCG_LOG_OK)
		return;
	check_events(&launch.log);
	if (!launch_parse(&launch))
		return;
	PROMISE(launch.log.event_count == 4);
	for (size_t i = 0; i < LAUNCH_EVENTS; i++)
		PROMISE(is_inside(launch.contents[i], input));
}
