/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Step 10: PCR 14 says under which binding the loader launched, and says it once.
 *
 * The loader extends PCR 14 with one of two marks before it launches anything. It may launch what the host's owner
 * likes, and what is launched under the weak binding can extend every PCR that a launch uses. So the mark of the other
 * binding, or a second one, is never accepted, wherever it comes from: then nothing that came first or comes later can
 * pass for the launch.
 *
 * Before the mark there is nothing, unless shim started the loader. Its variables may hold anything, written while the
 * machine ran without Cloister once: the text of a mark or a whole image, too. The same rule covers that.
 */
#include "policy/steps.h"

/* What shim 16.1 extends PCR 14 with, in this order, each if it is set (shim's README.tpm). */
static const char *const SHIM[] = {"MokList", "MokListX", "MokSBState", "MokListTrusted", "MokPolicy"};
#define SHIM_EVENTS (sizeof(SHIM) / sizeof(SHIM[0]))

static bool is_mark(const struct tcg_event *event, enum launch_mark mark)
{
	return digest_equal(event->sha256, launch_mark(mark));
}

static bool is_any_mark(const struct tcg_event *event)
{
	return is_mark(event, MARK_STRONG) || is_mark(event, MARK_WEAK) || is_mark(event, MARK_ERROR) ||
	       is_mark(event, MARK_LOADER);
}

/* Does the event name a variable of shim's at or after place 'at'? Names are not measured; an honest log has them. */
static bool is_shim_variable(const struct tcg_event *event, size_t *at)
{
	for (size_t i = *at; i < SHIM_EVENTS; i++) {
		const size_t len = strlen(SHIM[i]);

		if (bytes_begin(event->data, SHIM[i], len) &&
		    (event->data.len == len || (event->data.len == len + 1 && event->data.data[len] == '\0'))) {
			*at = i + 1;
			return true;
		}
	}
	return false;
}

/* The first event of PCR 14 that is not shim's: it has to be the mark. False if there is none. */
static bool first_after_shim(const struct judgement *j, struct tcg_event *event)
{
	struct tcg_cursor cursor = tcg_log_events(&j->tcg_log);
	size_t at = 0;

	while (tcg_log_next_of(&cursor, LAUNCH_PCR_WEAK, event))
		if (!j->through_shim || is_any_mark(event) || !is_shim_variable(event, &at))
			return true;
	return false;
}

/* A launch of the other binding, or a second one of this: does an event of PCR 14 speak of it? */
static bool speaks_of_another(const struct judgement *j, const struct tcg_event *event)
{
	if (j->weak)
		return is_mark(event, MARK_WEAK) || is_mark(event, MARK_STRONG);
	for (size_t i = 0; j->has_launch && i < LAUNCH_EVENTS; i++)
		if (digest_equal(event->sha256, j->launch.events[i].sha256))
			return true;
	return is_mark(event, MARK_WEAK);
}

/* The mark, by its digest, first but for shim's events; and no other launch anywhere in PCR 14. */
static void check_first(struct judgement *j, enum refusal_code code, enum launch_mark mark)
{
	struct tcg_cursor cursor = tcg_log_events(&j->tcg_log);
	struct tcg_event event, first;
	char expected[VERDICT_TEXT];

	snprintf(expected, sizeof(expected), "the loader's \"cloister-%s\" as the first event of PCR 14%s, once",
		 j->weak ? "weak" : "strong", j->through_shim ? " after shim's" : "");
	if (!first_after_shim(j, &first)) {
		refuse(j, code, expected, "no event of PCR 14");
		return;
	}
	if (!is_mark(&first, mark)) {
		refusal_at(refuse(j, code, expected, "%s first", digest_hex(first.sha256).text), "TCG log", &first);
		return;
	}
	while (tcg_log_next_of(&cursor, LAUNCH_PCR_WEAK, &event)) {
		if (event.index != first.index && speaks_of_another(j, &event)) {
			refusal_at(
				refuse(j, code, expected, "another launch besides: %s", digest_hex(event.sha256).text),
				"TCG log", &event);
			return;
		}
	}
}

void check_binding(struct judgement *j)
{
	if (j->has_launch && j->launch.weak != j->weak)
		refuse(j, REFUSE_BINDING, j->weak ? "events in PCR 14" : "events in PCRs 17 to 19",
		       "a launch log of the other binding");
	if (j->weak && !j->policy->allow_weak_binding)
		refuse(j, REFUSE_WEAK_BINDING, "the strong binding: PCRs 17 to 19, locality 2",
		       "the weak binding: PCR 14, locality 0");
	if (!j->has_tcg_log)
		return;
	if (j->weak)
		check_first(j, REFUSE_WEAK_FIRST, MARK_WEAK);
	else
		check_first(j, REFUSE_STRONG_FIRST, MARK_STRONG);
}
