/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verification of a guest under way. Internal to the library. */
#ifndef POLICY_GUEST_JUDGEMENT_H
#define POLICY_GUEST_JUDGEMENT_H

#include "policy/judge_guest.h"
#include "policy/judgement.h"
#include "policy/report.h"

struct guest_judgement {
	struct judgement host;
	const struct guest_evidence *evidence;
	const struct guest_challenge *challenge;
	const struct guest_policy *policy;
	bool has_report;
	struct hk_report report;
};

/** Part of step 1: reads the report. */
void read_report(struct guest_judgement *g);

/** Part of step 11: is the report the word of the hypervisor that was judged? Needs a report and a statement. */
void check_report(struct guest_judgement *g);

void step_guest(struct guest_judgement *g);

#endif
