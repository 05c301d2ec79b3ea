/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How every harness says that a promise of the code under test is broken. */
#ifndef FUZZ_PROMISE_H
#define FUZZ_PROMISE_H

#include <stdio.h>
#include <stdlib.h>

#define PROMISE(holds)                                           \
	do {                                                     \
		if (!(holds)) {                                  \
			fprintf(stderr, "broken: %s\n", #holds); \
			abort();                                 \
		}                                                \
	} while (0)

#endif
