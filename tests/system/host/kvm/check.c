/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "check.h"

#include <errno.h>
#include <stdio.h>

static unsigned number;

void check(bool good, const char *name)
{
	printf("%sok %u - %s (errno %d)\n", good ? "" : "not ", ++number, name, errno);
	fflush(stdout);
}

void check_plan(void)
{
	printf("1..%u\n", number);
}
