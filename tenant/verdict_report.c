/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verdict as it leaves the tool. */
#include "tenant/verdict_report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tenant/commands.h"

bool wants_colour(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && !getenv("NO_COLOR") && terminal && strcmp(terminal, "dumb") != 0;
}

void verdict_refuse_all(struct verdict *verdict, enum refusal_code code, const char *expected, const char *found)
{
	verdict_refuse(verdict, code, expected, found);
	for (enum step step = refusal_step(code) + 1; step < STEP_COUNT; step++)
		verdict_skip(verdict, step, "no evidence");
}

int verdict_report(const struct verdict *verdict, bool json)
{
	bool written = true;

	if (json)
		written = verdict_print_json(verdict, stdout);
	else
		verdict_print(verdict, stdout, wants_colour());
	if (!written || fflush(stdout) != 0 || ferror(stdout)) {
		fprintf(stderr, "cloister: the verdict could not be written: %s\n", strerror(errno));
		return EXIT_USAGE;
	}
	return verdict_exit_code(verdict);
}
