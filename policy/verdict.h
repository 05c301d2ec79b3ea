/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What came out of a verification: one state per step, and every refusal with what a person needs to act on it. */
#ifndef POLICY_VERDICT_H
#define POLICY_VERDICT_H

#include <stdio.h>

#include <jansson.h>

#include "policy/known_host.h"
#include "policy/refusals.h"
#include "policy/tcg_log.h"

#define VERDICT_MAX_REFUSALS 64u
#define VERDICT_MAX_REMARKS  4u
#define VERDICT_REMARK       200u
#define VERDICT_TEXT         600u /* longer than a config line */

enum step_state { STEP_NOT_EVALUATED, STEP_PASSED, STEP_REFUSED };

struct refusal {
	enum refusal_code code;
	char expected[VERDICT_TEXT];
	char found[VERDICT_TEXT];
	uint32_t event;  /* number of the first diverging event, or TCG_LOG_NO_EVENT */
	const char *log; /* the log that contains it: "TCG log", "launch log" */
	char event_name[160];
};

/* What statement and fresh answer say of the hypervisor; only shown for a host that is accepted. */
struct verdict_facts {
	uint32_t version; /* major << 16 | minor << 8 | patch */
	uint32_t svn;
	uint32_t flags; /* HK_FLAG_* of the fresh answer */
	uint32_t cpus;
	uint32_t pool_mib; /* for protected guests */
	uint32_t dma_units;
	uint32_t dma_protections; /* bits of enum hk_dma */
	uint64_t uptime_us;
	uint64_t refused_accesses; /* of the root guest's CPUs */
	uint64_t refused_dma;
};

/* What its report says of a guest; only shown for one that is accepted. */
struct guest_facts {
	char name[64]; /* the guest policy's */
	uint32_t domain, vcpus;
	uint64_t started_us, removed_pages; /* microseconds since the launch */
	bool lazy, debug;
};

struct verdict {
	enum step end; /* the steps before it are this verdict's: that on a host has no STEP_GUEST */
	enum step_state state[STEP_COUNT];
	char note[STEP_COUNT][96]; /* why a step was not evaluated */
	size_t refusal_count;
	struct refusal refusals[VERDICT_MAX_REFUSALS];
	bool identity_unknown; /* REFUSE_IDENTITY_UNKNOWN is all that step 2 refused */
	size_t remark_count;
	char remark[VERDICT_MAX_REMARKS][VERDICT_REMARK]; /* no reason to refuse, but one to look */
	struct host_memory seen;                          /* to be remembered if the host is accepted */
	bool complete;                                    /* every structure was read: the facts are set */
	struct verdict_facts facts;
	struct guest_facts guest; /* of a verdict with STEP_GUEST */
	uint32_t conditions; /* bits of enum condition: what a trust that is not refused rests on besides the steps */
	struct tpm_name ak_name;
};

/** No step evaluated, nothing refused: of a verdict on a host, or on a guest, which has one step more. */
void verdict_init(struct verdict *verdict);
void verdict_init_guest(struct verdict *verdict);

/** Is it a verdict on a guest? */
bool verdict_on_guest(const struct verdict *verdict);

/**
 * Records a refusal; its step is refused. 'expected' and 'found' are texts, already clean.
 * Returns the record, so that a caller can name an event.
 */
struct refusal *verdict_refuse(struct verdict *verdict, enum refusal_code code, const char *expected,
			       const char *found);

/** Names the event at which things go apart. */
void refusal_at(struct refusal *refusal, const char *log, const struct tcg_event *event);

/** A step that ended: passed unless it refused something. */
void verdict_pass(struct verdict *verdict, enum step step);

/** Notes a condition: unless something is refused, the verdict is "conditionally trusted". */
void verdict_on_condition(struct verdict *verdict, enum condition condition);

/** Tells what is no reason to refuse. */
void verdict_remark(struct verdict *verdict, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** A step that could not be evaluated, and why; a step that refused something stays refused. */
void verdict_skip(struct verdict *verdict, enum step step, const char *why);

/**
 * True only if no step refused anything and every step passed, but those that a condition covers.
 */
bool verdict_accepted(const struct verdict *verdict);

/** Accepted, on no condition. */
bool verdict_trusted(const struct verdict *verdict);

/**
 * EXIT_TRUSTED, EXIT_CONDITIONAL, or the exit code of the first step that refused. EXIT_IDENTITY_UNKNOWN comes last: it
 * says that nothing else is wrong.
 */
int verdict_exit_code(const struct verdict *verdict);

/** The verdict in a word or two, "trusted" for instance; stable, programs rely on it. */
const char *verdict_word(const struct verdict *verdict);

const char *condition_name(enum condition condition);
const char *condition_text(enum condition condition);
const char *refusal_name(enum refusal_code code);
const char *refusal_cause(enum refusal_code code);
const char *refusal_next(enum refusal_code code);
enum step refusal_step(enum refusal_code code);
const char *step_name(enum step step);
int step_number(enum step step);

/** For people; 'colour' for terminals. */
void verdict_print(const struct verdict *verdict, FILE *to, bool colour);

/** Only what was refused, as verdict_print has it. */
void verdict_print_refusals(const struct verdict *verdict, FILE *to, bool colour);

/** For programs: one JSON object. False if it could not be written. */
bool verdict_print_json(const struct verdict *verdict, FILE *to);

/** The refusals alone, as they are in verdict_print_json: a list, which the caller frees. NULL without memory. */
json_t *verdict_refusals_json(const struct verdict *verdict);

#define VERDICT_DESCRIPTION 352 /* room for what follows, NUL included */

/** "Cloister 0.1.0 (svn 1), AMD-V, release, 2 CPUs, DMA remapping on (1 unit), strong binding". */
void verdict_describe(const struct verdict *verdict, char *text, size_t size);

#endif
