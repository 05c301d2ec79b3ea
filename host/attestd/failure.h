/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Why a request was not answered: an HTTP status and the members of the JSON error (docs/protocol.md). */
#ifndef ATTESTD_FAILURE_H
#define ATTESTD_FAILURE_H

#include <stdbool.h>

struct failure {
	unsigned status;
	const char *code;
	char field[64];    /* "" where no field is to blame */
	char message[256]; /* what, where, what to do next */
	unsigned again_s;  /* with status 503: when to ask again */
};

/** Fills in a failure. Returns false, so that a function can end with it. */
__attribute__((format(printf, 5, 6))) bool failed_with(struct failure *failure, unsigned status, const char *code,
						       const char *field, const char *format, ...);

#endif
