/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verdict and its rules. */
#include "policy/verdict.h"

#include <stdarg.h>

#include <cloister/statement.h>

#define REFUSAL_ROW(enumerator, step, name, cause, next) [enumerator] = {step, name, cause, next},
static const struct {
	enum step step;
	const char *name;
	const char *cause;
	const char *next;
} REFUSAL_TABLE[] = {REFUSALS(REFUSAL_ROW)};
#undef REFUSAL_ROW

#define STEP_ROW(enumerator, number, name, exit_code) [enumerator] = {number, name, exit_code},
static const struct {
	int number;
	const char *name;
	int exit_code;
} STEP_TABLE[] = {STEPS(STEP_ROW)};
#undef STEP_ROW

#define CONDITION_ROW(enumerator, name, text) [enumerator] = {name, text},
static const struct {
	const char *name;
	const char *text;
} CONDITION_TABLE[] = {CONDITIONS(CONDITION_ROW)};
#undef CONDITION_ROW

const char *condition_name(enum condition condition)
{
	return CONDITION_TABLE[condition].name;
}

const char *condition_text(enum condition condition)
{
	return CONDITION_TABLE[condition].text;
}

const char *refusal_name(enum refusal_code code)
{
	return REFUSAL_TABLE[code].name;
}

const char *refusal_cause(enum refusal_code code)
{
	return REFUSAL_TABLE[code].cause;
}

const char *refusal_next(enum refusal_code code)
{
	return REFUSAL_TABLE[code].next;
}

enum step refusal_step(enum refusal_code code)
{
	return REFUSAL_TABLE[code].step;
}

const char *step_name(enum step step)
{
	return STEP_TABLE[step].name;
}

int step_number(enum step step)
{
	return STEP_TABLE[step].number;
}

void verdict_init(struct verdict *verdict)
{
	*verdict = (struct verdict){.end = STEP_GUEST};
	verdict->state[STEP_TRANSPORT] = STEP_PASSED; /* there is an answer to judge */
}

void verdict_init_guest(struct verdict *verdict)
{
	verdict_init(verdict);
	verdict->end = STEP_COUNT;
}

bool verdict_on_guest(const struct verdict *verdict)
{
	return verdict->end > STEP_GUEST;
}

struct refusal *verdict_refuse(struct verdict *verdict, enum refusal_code code, const char *expected, const char *found)
{
	/* Past the end the last record is written over: the step's state is what counts. */
	const size_t last = VERDICT_MAX_REFUSALS - 1;
	const size_t slot = verdict->refusal_count < last ? verdict->refusal_count : last;
	struct refusal *refusal = &verdict->refusals[slot];

	verdict->refusal_count = slot + 1;
	verdict->state[refusal_step(code)] = STEP_REFUSED;
	verdict->identity_unknown |= code == REFUSE_IDENTITY_UNKNOWN;
	*refusal = (struct refusal){.code = code, .event = TCG_LOG_NO_EVENT};
	snprintf(refusal->expected, sizeof(refusal->expected), "%s", expected);
	snprintf(refusal->found, sizeof(refusal->found), "%s", found);
	return refusal;
}

void refusal_at(struct refusal *refusal, const char *log, const struct tcg_event *event)
{
	refusal->log = log;
	refusal->event = event->index;
	tcg_event_name(event, refusal->event_name, sizeof(refusal->event_name));
}

void verdict_pass(struct verdict *verdict, enum step step)
{
	if (verdict->state[step] != STEP_REFUSED)
		verdict->state[step] = STEP_PASSED;
}

void verdict_skip(struct verdict *verdict, enum step step, const char *why)
{
	if (verdict->state[step] == STEP_REFUSED)
		return;
	verdict->state[step] = STEP_NOT_EVALUATED;
	snprintf(verdict->note[step], sizeof(verdict->note[step]), "%s", why);
}

void verdict_on_condition(struct verdict *verdict, enum condition condition)
{
	verdict->conditions |= 1u << condition;
}

void verdict_remark(struct verdict *verdict, const char *format, ...)
{
	va_list arguments;

	if (verdict->remark_count == VERDICT_MAX_REMARKS)
		return;
	va_start(arguments, format);
	vsnprintf(verdict->remark[verdict->remark_count++], VERDICT_REMARK, format, arguments);
	va_end(arguments);
}

/* May the step be left open? */
static bool may_be_open(const struct verdict *verdict, enum step step)
{
	return (step == STEP_FIRMWARE && (verdict->conditions & 1u << CONDITION_FIRMWARE)) ||
	       (step == STEP_IDENTITY && (verdict->conditions & 1u << CONDITION_ANY_TPM));
}

bool verdict_accepted(const struct verdict *verdict)
{
	for (enum step step = STEP_TRANSPORT; step < verdict->end; step++)
		if (verdict->state[step] != STEP_PASSED &&
		    !(verdict->state[step] == STEP_NOT_EVALUATED && may_be_open(verdict, step)))
			return false;
	return verdict->complete && verdict->refusal_count == 0;
}

bool verdict_trusted(const struct verdict *verdict)
{
	return verdict_accepted(verdict) && verdict->conditions == 0;
}

/* Is this all that the step refused? It is then the last that it did. */
static bool only_unknown(const struct verdict *verdict, enum step step)
{
	return step == STEP_IDENTITY && verdict->identity_unknown;
}

int verdict_exit_code(const struct verdict *verdict)
{
	if (verdict_accepted(verdict))
		return verdict->conditions == 0 ? EXIT_TRUSTED : EXIT_CONDITIONAL;
	for (enum step step = STEP_TRANSPORT; step < verdict->end; step++)
		if (verdict->state[step] == STEP_REFUSED && !only_unknown(verdict, step))
			return STEP_TABLE[step].exit_code;
	if (verdict->complete && verdict->identity_unknown)
		return EXIT_IDENTITY_UNKNOWN;
	return STEP_TABLE[STEP_FORMAT].exit_code; /* a step is open that must not be */
}

const char *verdict_word(const struct verdict *verdict)
{
	switch (verdict_exit_code(verdict)) {
	case EXIT_TRUSTED:
		return "trusted";
	case EXIT_CONDITIONAL:
		return "conditionally trusted";
	case EXIT_IDENTITY_UNKNOWN:
		return "not trusted: identity unknown";
	default:
		return "refused";
	}
}

void verdict_describe(const struct verdict *verdict, char *text, size_t size)
{
	const struct verdict_facts *f = &verdict->facts;

	char dma[32] = "off", pool[48] = "";

	if (f->flags & HK_FLAG_DMA_PRESENT)
		snprintf(dma, sizeof(dma), "on (%u unit%s)", f->dma_units, f->dma_units == 1 ? "" : "s");
	if (f->pool_mib != 0)
		snprintf(pool, sizeof(pool), ", %u MiB for protected guests", f->pool_mib);
	snprintf(text, size, "Cloister %u.%u.%u (svn %u), %s, %s, %u CPU%s, DMA remapping %s, %s binding%s%s%s%s%s%s",
		 f->version >> 16, f->version >> 8 & 0xff, f->version & 0xff, f->svn,
		 f->flags & HK_FLAG_AMD ? "AMD-V" : "Intel VT-x", f->flags & HK_FLAG_DEBUG ? "debug" : "release",
		 f->cpus, f->cpus == 1 ? "" : "s", dma, f->flags & HK_FLAG_WEAK_BINDING ? "weak" : "strong", pool,
		 f->flags & HK_FLAG_FLOOR_CLOSED ? ", platform floor closed" : "",
		 f->flags & HK_FLAG_SMT_EXPOSED ? ", SMT siblings exposed" : "",
		 f->flags & HK_FLAG_SLEEP_UNWATCHED ? ", sleep registers unwatched" : "",
		 f->flags & HK_FLAG_ALIAS_UNCHECKED ? ", memory aliases unchecked" : "",
		 f->flags & HK_FLAG_NO_TPM ? ", DEVELOPMENT: started without a TPM" : "");
}
