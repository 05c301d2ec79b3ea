/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a row is judged, and the changes that more than one program makes. */
#include <stdlib.h>

#include "lie.h"

static const struct lie HONEST = {"nothing", NULL, NULL, NULL, {0}, 0, NULL};

struct writer log_end(struct built *b)
{
	return (struct writer){b->tcg_log, b->evidence.tcg_log.data.len, sizeof(b->tcg_log)};
}

void log_append(struct built *b, struct writer *w)
{
	b->evidence.tcg_log.data.len = w->len;
}

void put_head(struct writer *w, uint32_t pcr, uint32_t count)
{
	put_le(w, pcr, 4);
	put_le(w, EV_POST_CODE, 4);
	put_le(w, count, 4);
}

/* PCR 14 without the loader's word on the binding. */
void no_mark(struct scenario *s)
{
	remove_event(s, scenario_find(s, 14, EV_IPL));
}

void not_the_loader(struct scenario *s)
{
	struct event *loader = scenario_find(s, 4, 0x80000003);

	loader->digest.bytes[0] ^= 1;
}

void image_byte(struct scenario *s)
{
	s->image.bytes[0] ^= 1;
}

/* What the loader extends PCR 14 with when it gives up. */
void error_mark(struct scenario *s)
{
	scenario_event(s, 14, EV_IPL, "cloister-error", sizeof("cloister-error"));
}

struct event *insert_event(struct scenario *s, const struct event *before, uint32_t pcr, uint32_t type,
			   const void *data, size_t len)
{
	const size_t at = (size_t)(before - s->events);

	scenario_event(s, pcr, type, data, len);
	const struct event made = s->events[s->event_count - 1];
	memmove(&s->events[at + 1], &s->events[at], (s->event_count - 1 - at) * sizeof(s->events[0]));
	s->events[at] = made;
	return &s->events[at];
}

void start_from(struct scenario *s, char locality, size_t len)
{
	char data[64] = "StartupLocality";

	data[16] = locality;
	insert_event(s, &s->events[0], 0, EV_NO_ACTION, data, len);
}

void started(struct built *b, struct scenario *s)
{
	b->pcr[0] = digest_filled(0);
	b->pcr[0].bytes[31] = (uint8_t)s->events[0].data[16];
	for (size_t i = 0; i < s->event_count; i++)
		if (s->events[i].pcr == 0 && s->events[i].type != EV_NO_ACTION)
			b->pcr[0] = pcr_extend(b->pcr[0], s->events[i].digest);
}

void remove_event(struct scenario *s, struct event *event)
{
	memmove(event, event + 1, (size_t)(&s->events[--s->event_count] - event) * sizeof(*event));
}

void weak(struct scenario *s)
{
	static const char mark[] = "cloister-weak";

	insert_event(s, scenario_find(s, 14, EV_IPL), 14, EV_IPL, mark, sizeof(mark));
	remove_event(s, scenario_find(s, 14, EV_IPL) + 1);
	s->weak = true;
	s->statement.flags |= HK_FLAG_WEAK_BINDING;
	s->fresh.flags |= HK_FLAG_WEAK_BINDING;
}

void weak_allowed(struct built *b)
{
	b->policy.allow_weak_binding = true;
}

void pin_this(struct built *b)
{
	struct tpm_public ak;

	assert_true(tpm_public_parse(b->evidence.ak_public, &ak));
	b->policy.ak_names[0] = ak.name;
}

void capped(struct built *b, struct scenario *s)
{
	(void)s;
	for (uint32_t pcr = 17; pcr <= 19; pcr++)
		b->pcr[pcr] = pcr_extend(b->pcr[pcr], digest_filled(0x42));
}

/* One of the codes may come alone or with others of its kind: the list must be the row's. */
void expect_refusals(const struct verdict *v, const struct lie *lie, bool conditional)
{
	size_t count = 0;

	while (count < MAX_CODES && lie->codes[count] != 0)
		count++;
	for (size_t i = 0; i < v->refusal_count; i++) {
		if (i < count && v->refusals[i].code == lie->codes[i])
			continue;
		verdict_print(v, stderr, false);
		fail_msg("refusal %zu is %s", i, refusal_name(v->refusals[i].code));
	}
	assert_int_equal(v->refusal_count, count);
	if (lie->words && !strstr(v->refusals[0].found, lie->words))
		fail_msg("found '%s' does not say '%s'", v->refusals[0].found, lie->words);
	assert_int_equal(verdict_exit_code(v), lie->exit_code == 0 && conditional ? 3 : lie->exit_code);
	assert_int_equal(verdict_accepted(v), lie->exit_code == 0 || lie->exit_code == 3);
	assert_int_equal(verdict_trusted(v), lie->exit_code == 0 && !conditional);
}

static void test_lie(void **state)
{
	const struct lie *lie = *state;
	struct built *b = test_malloc(sizeof(*b));
	struct scenario honest, s;
	struct verdict v;

	scenario_init(&honest);
	s = honest;
	build_logs(b, &s);
	build_quote(b, &s);
	build_policy(b, &honest);
	b->challenge = honest.challenge;
	s = honest;
	if (lie->bend)
		lie->bend(&s);
	build_logs(b, &s);
	if (lie->change)
		lie->change(b, &s);
	build_quote(b, &s);
	if (lie->damage)
		lie->damage(b);
	judge(&b->evidence, &b->challenge, &b->policy, &b->known, &v);
	expect_refusals(&v, lie, b->policy.firmware_unchecked);
	test_free(b);
}

static int free_keys(void **state)
{
	(void)state;
	build_keys_free();
	return 0;
}

int run_lies(const char *name, const struct lie *lies, size_t count)
{
	struct CMUnitTest *tests = calloc(count + 1, sizeof(*tests));

	if (!tests)
		return 1;
	tests[0] = (struct CMUnitTest){HONEST.name, test_lie, NULL, NULL, (void *)(uintptr_t)&HONEST};
	for (size_t i = 0; i < count; i++)
		tests[i + 1] = (struct CMUnitTest){lies[i].name, test_lie, NULL, NULL, (void *)(uintptr_t)&lies[i]};
	const int failed = _cmocka_run_group_tests(name, tests, count + 1, NULL, free_keys);
	free(tests);
	return failed;
}
