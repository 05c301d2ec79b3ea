/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verdict as it leaves the tool. */
#ifndef TENANT_VERDICT_REPORT_H
#define TENANT_VERDICT_REPORT_H

#include "policy/verdict.h"

/** Is standard output a terminal with colours, whose user wants them? */
bool wants_colour(void);

/** Refuses what came before anything could be judged: every step after the refusal's is open. */
void verdict_refuse_all(struct verdict *verdict, enum refusal_code code, const char *expected, const char *found);

/** Prints a verdict, as JSON or for people, and gives the exit code. */
int verdict_report(const struct verdict *verdict, bool json);

#endif
