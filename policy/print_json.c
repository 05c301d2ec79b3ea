/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verdict for programs: sorted members, one object, the same bytes for the same verdict. */
#include "policy/verdict.h"

#include <cloister/statement.h>
#include <jansson.h>

#include "policy/encoding.h"
#include "policy/statement_words.h"

static const char *const STATES[] = {
	[STEP_NOT_EVALUATED] = "not-evaluated", [STEP_PASSED] = "pass", [STEP_REFUSED] = "refused"};

static json_t *step_json(const struct verdict *v, enum step step)
{
	json_t *object = json_pack("{s:i, s:s, s:s}", "number", step_number(step), "name", step_name(step), "state",
				   STATES[v->state[step]]);

	if (object && v->state[step] == STEP_NOT_EVALUATED)
		json_object_set_new(object, "why", json_string(v->note[step]));
	return object;
}

static json_t *refusal_json(const struct refusal *r)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "code", refusal_name(r->code), "step",
				   step_name(refusal_step(r->code)), "expected", r->expected, "found", r->found,
				   "cause", refusal_cause(r->code), "next", refusal_next(r->code));

	if (object && r->event != TCG_LOG_NO_EVENT)
		json_object_set_new(object, "event",
				    json_pack("{s:s, s:I, s:s}", "log", r->log, "index", (json_int_t)r->event, "name",
					      r->event_name));
	return object;
}

static json_t *protections_json(uint32_t protections)
{
	json_t *array = json_array();

	for (enum hk_dma i = 0; i < HK_DMA_COUNT; i++)
		if (protections >> i & 1)
			json_array_append_new(array, json_string(hk_dma_name(i)));
	return array;
}

static json_t *facts_json(const struct verdict *v)
{
	const struct verdict_facts *f = &v->facts;
	char name[2 * TPM_NAME_BYTES + 1], version[16], text[VERDICT_DESCRIPTION];

	hex_encode(v->ak_name.bytes, TPM_NAME_BYTES, name);
	snprintf(version, sizeof(version), "%u.%u.%u", f->version >> 16 & 0xff, f->version >> 8 & 0xff,
		 f->version & 0xff);
	verdict_describe(v, text, sizeof(text));
	return json_pack(
		"{s:s, s:s, s:s, s:I, s:I, s:I, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:b, s:I, s:o, s:I, s:I, s:I}",
		"summary", text, "ak_name", name, "version", version, "svn", (json_int_t)f->svn, "cpus",
		(json_int_t)f->cpus, "pool_mib", (json_int_t)f->pool_mib, "amd", (f->flags & HK_FLAG_AMD) != 0, "debug",
		(f->flags & HK_FLAG_DEBUG) != 0, "dma_remapping", (f->flags & HK_FLAG_DMA_PRESENT) != 0, "weak_binding",
		(f->flags & HK_FLAG_WEAK_BINDING) != 0, "no_tpm", (f->flags & HK_FLAG_NO_TPM) != 0, "floor_closed",
		(f->flags & HK_FLAG_FLOOR_CLOSED) != 0, "smt_exposed", (f->flags & HK_FLAG_SMT_EXPOSED) != 0,
		"sleep_unwatched", (f->flags & HK_FLAG_SLEEP_UNWATCHED) != 0, "alias_unchecked",
		(f->flags & HK_FLAG_ALIAS_UNCHECKED) != 0, "dma_units", (json_int_t)f->dma_units, "dma_protections",
		protections_json(f->dma_protections), "refused_dma", (json_int_t)(f->refused_dma & INT64_MAX),
		"uptime_us", (json_int_t)(f->uptime_us & INT64_MAX), "refused_accesses",
		(json_int_t)(f->refused_accesses & INT64_MAX));
}

static json_t *guest_json(const struct verdict *v)
{
	const struct guest_facts *g = &v->guest;

	return json_pack("{s:s, s:I, s:I, s:I, s:I, s:b, s:b}", "name", g->name, "domain", (json_int_t)g->domain,
			 "vcpus", (json_int_t)g->vcpus, "started_us", (json_int_t)(g->started_us & INT64_MAX),
			 "removed_pages", (json_int_t)(g->removed_pages & INT64_MAX), "lazy_acceptance", g->lazy,
			 "debug", g->debug);
}

static json_t *conditions_json(const struct verdict *v)
{
	json_t *array = json_array();

	for (enum condition i = 0; i < CONDITION_COUNT; i++)
		if (v->conditions & 1u << i)
			json_array_append_new(array, json_string(condition_name(i)));
	return array;
}

static json_t *remarks_json(const struct verdict *v)
{
	json_t *array = json_array();

	for (size_t i = 0; i < v->remark_count; i++)
		json_array_append_new(array, json_string(v->remark[i]));
	return array;
}

json_t *verdict_refusals_json(const struct verdict *verdict)
{
	json_t *array = json_array();

	for (size_t i = 0; i < verdict->refusal_count; i++)
		json_array_append_new(array, refusal_json(&verdict->refusals[i]));
	return array;
}

bool verdict_print_json(const struct verdict *verdict, FILE *to)
{
	json_t *steps = json_array();

	for (enum step step = STEP_TRANSPORT; step < verdict->end; step++)
		json_array_append_new(steps, step_json(verdict, step));
	json_t *root = json_pack("{s:i, s:b, s:s, s:i, s:o, s:o, s:o, s:o, s:o}", "version", 1, "trusted",
				 verdict_trusted(verdict), "verdict", verdict_word(verdict), "exit_code",
				 verdict_exit_code(verdict), "conditions", conditions_json(verdict), "remarks",
				 remarks_json(verdict), "steps", steps, "refusals", verdict_refusals_json(verdict),
				 "hypervisor", verdict_accepted(verdict) ? facts_json(verdict) : json_null());
	if (verdict_on_guest(verdict))
		json_object_set_new(root, "guest", verdict_accepted(verdict) ? guest_json(verdict) : json_null());
	const bool written =
		root && json_dumpf(root, to, JSON_INDENT(1) | JSON_SORT_KEYS) == 0 && fputc('\n', to) != EOF;
	json_decref(root);
	return written;
}
