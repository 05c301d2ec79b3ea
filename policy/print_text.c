/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verdict for people. */
#include "policy/verdict.h"

#include <inttypes.h>

#include "policy/statement_words.h"

struct palette {
	const char *good, *bad, *open, *bold, *end;
};

static const struct palette PLAIN = {"", "", "", "", ""};
static const struct palette COLOURED = {"\033[32m", "\033[31m", "\033[33m", "\033[1m", "\033[0m"};

static void print_step(const struct verdict *v, enum step step, FILE *to, const struct palette *p)
{
	fprintf(to, "%3d %-16s", step_number(step), step_name(step));
	switch (v->state[step]) {
	case STEP_PASSED:
		fprintf(to, "%spass%s\n", p->good, p->end);
		break;
	case STEP_REFUSED:
		fprintf(to, "%sREFUSED%s\n", p->bad, p->end);
		break;
	case STEP_NOT_EVALUATED:
		fprintf(to, "%snot evaluated%s: %s\n", p->open, p->end, v->note[step]);
		break;
	}
}

static void print_refusal(const struct refusal *r, FILE *to, const struct palette *p)
{
	fprintf(to, "\n%srefused: %s%s (step %d, %s)\n", p->bad, refusal_name(r->code), p->end,
		step_number(refusal_step(r->code)), step_name(refusal_step(r->code)));
	fprintf(to, "  expected  %s\n  found     %s\n", r->expected, r->found);
	if (r->event != TCG_LOG_NO_EVENT)
		fprintf(to, "  event     %s, number %u: %s\n", r->log, r->event, r->event_name);
	fprintf(to, "  cause     %s\n  next      %s\n", refusal_cause(r->code), refusal_next(r->code));
}

/* Beside the word: neither is read without the other. */
static void print_condition_names(const struct verdict *v, FILE *to)
{
	const char *before = " (";

	for (enum condition i = 0; i < CONDITION_COUNT; i++) {
		if (!(v->conditions & 1u << i))
			continue;
		fprintf(to, "%s%s", before, condition_name(i));
		before = ", ";
	}
	fputs(v->conditions ? ")" : "", to);
}

static void print_guest(const struct guest_facts *g, FILE *to)
{
	fprintf(to,
		"\nguest: %s, %u vCPU%s, domain %u, started %" PRIu64 " s after the launch, %" PRIu64
		" page%s removed by the host%s%s\n",
		g->name, g->vcpus, g->vcpus == 1 ? "" : "s", g->domain, g->started_us / 1000000, g->removed_pages,
		g->removed_pages == 1 ? "" : "s", g->lazy ? ", lazy acceptance" : "",
		g->debug ? ", DEBUG: its host can read it" : "");
}

static void print_accepted(const struct verdict *v, FILE *to, const struct palette *p)
{
	const char *colour = v->conditions == 0 ? p->good : p->open;
	char text[VERDICT_DESCRIPTION], dma[HK_DMA_TEXT];

	if (verdict_on_guest(v))
		print_guest(&v->guest, to);
	verdict_describe(v, text, sizeof(text));
	hk_dma_text(v->facts.dma_protections, dma);
	fprintf(to, "\nDMA blocked to: %s (%" PRIu64 " accesses blocked so far)\n", dma, v->facts.refused_dma);
	fprintf(to, "\n%s%sVERDICT: %s%s", p->bold, colour, verdict_word(v), p->end);
	print_condition_names(v, to);
	fprintf(to, ": %s\n", text);
	for (enum condition i = 0; i < CONDITION_COUNT; i++)
		if (v->conditions & 1u << i)
			fprintf(to, "  on condition: %s\n", condition_text(i));
}

static void print_last_line(const struct verdict *v, FILE *to, const struct palette *p)
{
	if (verdict_accepted(v)) {
		print_accepted(v, to, p);
		return;
	}
	fprintf(to, "\n%s%sVERDICT: %s%s: %zu reason%s", p->bold, p->bad, verdict_word(v), p->end, v->refusal_count,
		v->refusal_count == 1 ? "" : "s");
	if (v->refusal_count > 0)
		fprintf(to, ", the first is %s", refusal_name(v->refusals[0].code));
	fputc('\n', to);
}

void verdict_print_refusals(const struct verdict *verdict, FILE *to, bool colour)
{
	for (size_t i = 0; i < verdict->refusal_count; i++)
		print_refusal(&verdict->refusals[i], to, colour ? &COLOURED : &PLAIN);
}

/* Refusals are recorded in the order of the steps, but for the ones of step 1 that are found first anyway. */
void verdict_print(const struct verdict *verdict, FILE *to, bool colour)
{
	const struct palette *p = colour ? &COLOURED : &PLAIN;
	const bool answered = verdict->state[STEP_TRANSPORT] == STEP_PASSED;

	for (enum step step = answered ? STEP_FORMAT : STEP_TRANSPORT; step < verdict->end; step++)
		if (answered || step == STEP_TRANSPORT)
			print_step(verdict, step, to, p);
	verdict_print_refusals(verdict, to, colour);
	for (size_t i = 0; i < verdict->remark_count; i++)
		fprintf(to, "%snote: %s\n", i == 0 ? "\n" : "", verdict->remark[i]);
	print_last_line(verdict, to, p);
}
