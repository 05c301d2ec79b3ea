/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The steps of a verification: internal to the library. */
#ifndef POLICY_STEPS_H
#define POLICY_STEPS_H

#include "policy/judgement.h"

/** Steps 1 to 10, in their order, and what they come to. */
void judge_host(struct judgement *j);

void step_format(struct judgement *j);
void step_identity(struct judgement *j);
void step_freshness(struct judgement *j);
void step_signature(struct judgement *j);
void step_counters(struct judgement *j);
void step_pcrs(struct judgement *j);

/** A part of step 5: compares with what is remembered of the host. Needs a quote. */
void check_memory(struct judgement *j);

/** What is to be remembered. Needs a quote and a statement. */
void set_seen(struct judgement *j);

void step_firmware(struct judgement *j);
void step_boot_path(struct judgement *j);
void step_hypervisor(struct judgement *j);
void step_config(struct judgement *j);
void step_key(struct judgement *j);

/** Part of step 6: separators and their order. Needs has_tcg_log. */
void check_capping(struct judgement *j);

/** Part of step 10: which binding PCR 14 speaks of. Needs step_boot_path to have run. */
void check_binding(struct judgement *j);

/** The loader's event in PCR 4, if nothing that the policy does not know comes before it. */
bool find_loader(const struct judgement *j, struct tcg_event *event);

/** The first line in which two texts differ, from 1; the lines are cleaned for people. */
struct line_difference {
	unsigned int line;
	char expected[VERDICT_TEXT - 32];
	char found[VERDICT_TEXT - 32];
};

struct line_difference first_difference(struct bytes expected, struct bytes found);

#endif
