/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A launch of the hypervisor, as the loader measures it (include/cloister/launch_log.h). */
#ifndef POLICY_LAUNCH_H
#define POLICY_LAUNCH_H

#include <cloister/launch_log.h>

#include "policy/refusals.h"
#include "policy/tcg_log.h"

struct judgement;

enum launch_event { LAUNCH_IMAGE, LAUNCH_CONFIG, LAUNCH_STATEMENT, LAUNCH_EVENTS };
_Static_assert(LAUNCH_EVENTS == LAUNCH_EVENT_COUNT, "one for each PCR of a strong launch");

/* The three events of a launch log. */
struct launch {
	struct tcg_log log;
	struct tcg_event events[LAUNCH_EVENTS];
	struct bytes contents[LAUNCH_EVENTS]; /* the event data after its label */
	bool weak;                            /* all in PCR 14 instead of 17 to 19 */
};

/** Takes the three events out of launch->log. False if there are others, or in another order or other PCRs. */
bool launch_parse(struct launch *launch);

/* What the loader extends PCRs with besides a launch, each the digest of a fixed text. */
enum launch_mark {
	MARK_LOADER, /* PCR 4, right after the loader's event: the loader ran */
	MARK_STRONG, /* PCR 14's first event under the strong binding */
	MARK_WEAK,   /* PCR 14's first event under the weak binding, and PCRs 17 to 19 */
	MARK_ERROR,  /* PCR 14, when a launch failed */
};

struct digest launch_mark(enum launch_mark mark);

/** Does the digest of 'event' mean a failed launch? Gives the error's text, which MARK_ERROR itself has not. */
bool launch_error_text(const struct tcg_event *event, struct bytes *text);

/** Is 'digest' what the launch measured as its event 'which'? Needs has_pcrs, and has_tcg_log if weak. */
bool launch_measured(const struct judgement *j, enum launch_event which, struct digest digest);

/** What the launch measured, for people: the launch log's digest where it can be believed, else the PCR. */
void launch_measured_text(const struct judgement *j, enum launch_event which, char *text, size_t size);

/** Can launch_measured be asked? If not, the step is skipped and says why. */
bool launch_measurable(struct judgement *j, enum step step);

#endif
