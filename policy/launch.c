/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The launch log, the loader's marks, and what was measured of a launch. */
#include "policy/launch.h"

#include <stdio.h>

#include "policy/judgement.h"

/* docs/protocol.md, "Launch log": with their NUL. */
#define LABEL(text) {(const uint8_t *)(text), sizeof(text)}
static const struct bytes LABELS[LAUNCH_EVENTS] = {
	[LAUNCH_IMAGE] = LABEL(LAUNCH_LABEL_IMAGE),
	[LAUNCH_CONFIG] = LABEL(LAUNCH_LABEL_CONFIG),
	[LAUNCH_STATEMENT] = LABEL(LAUNCH_LABEL_STATEMENT),
};

bool launch_parse(struct launch *launch)
{
	struct tcg_cursor cursor = tcg_log_events(&launch->log);

	for (size_t i = 0; i < LAUNCH_EVENTS; i++) {
		struct tcg_event *event = &launch->events[i];

		if (!tcg_log_next(&cursor, event))
			return false;
		if (i == 0)
			launch->weak = event->pcr == LAUNCH_PCR_WEAK;
		if (event->type != EV_IPL || event->pcr != (launch->weak ? LAUNCH_PCR_WEAK : LAUNCH_PCR_STRONG + i) ||
		    !bytes_begin(event->data, LABELS[i].data, LABELS[i].len))
			return false;
		launch->contents[i] = (struct bytes){event->data.data + LABELS[i].len, event->data.len - LABELS[i].len};
	}
	return cursor.reader.left == 0;
}

struct digest launch_mark(enum launch_mark mark)
{
	static const struct bytes texts[] = {
		[MARK_LOADER] = LABEL(LAUNCH_MARK_LOADER),
		[MARK_STRONG] = LABEL(LAUNCH_MARK_STRONG),
		[MARK_WEAK] = LABEL(LAUNCH_MARK_WEAK),
		[MARK_ERROR] = LABEL(LAUNCH_MARK_ERROR),
	};

	return sha256(texts[mark]);
}

bool launch_error_text(const struct tcg_event *event, struct bytes *text)
{
	*text = (struct bytes){0};
	if (digest_equal(event->sha256, launch_mark(MARK_ERROR)))
		return true;
	if (!bytes_begin(event->data, LAUNCH_MARK_ERROR, sizeof(LAUNCH_MARK_ERROR)) ||
	    !digest_equal(sha256(event->data), event->sha256))
		return false;
	*text = (struct bytes){event->data.data + sizeof(LAUNCH_MARK_ERROR),
			       event->data.len - sizeof(LAUNCH_MARK_ERROR)};
	return true;
}

/* Event number 'count' (from 0) of those that extend PCR 14. */
static bool weak_event(const struct tcg_log *log, uint32_t count, struct tcg_event *event)
{
	struct tcg_cursor cursor = tcg_log_events(log);

	for (uint32_t i = 0; tcg_log_next_of(&cursor, LAUNCH_PCR_WEAK, event); i++)
		if (i == count)
			return true;
	return false;
}

bool launch_measured(const struct judgement *j, enum launch_event which, struct digest digest)
{
	struct tcg_event event;

	if (j->weak)
		return weak_event(&j->tcg_log, j->weak_first + (uint32_t)which, &event) &&
		       digest_equal(event.sha256, digest);
	return digest_equal(pcr_extend(digest_filled(0xff), digest), j->pcr[LAUNCH_PCR_STRONG + (uint32_t)which]);
}

void launch_measured_text(const struct judgement *j, enum launch_event which, char *text, size_t size)
{
	if (j->has_launch && launch_measured(j, which, j->launch.events[which].sha256))
		snprintf(text, size, "%s", digest_hex(j->launch.events[which].sha256).text);
	else if (j->weak)
		snprintf(text, size, "another event %u of PCR 14", (unsigned int)which);
	else
		snprintf(text, size, "PCR %u is %s, which the launch log does not explain",
			 LAUNCH_PCR_STRONG + (unsigned int)which,
			 digest_hex(j->pcr[LAUNCH_PCR_STRONG + (uint32_t)which]).text);
}

bool launch_measurable(struct judgement *j, enum step step)
{
	if (!j->has_pcrs)
		verdict_skip(j->verdict, step, "the list of PCR values could not be used");
	else if (!j->has_statement && !j->has_launch)
		verdict_skip(j->verdict, step, "no hypervisor's statement or launch log");
	else if (j->weak && !j->has_tcg_log)
		verdict_skip(j->verdict, step, "the TCG log could not be read");
	else
		return true;
	return false;
}
