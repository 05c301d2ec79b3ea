/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One question to a host's attestation service. */
#ifndef TENANT_FETCH_H
#define TENANT_FETCH_H

#include "policy/evidence.h"
#include "tenant/file.h"

enum fetch_result {
	FETCH_OK,
	FETCH_FAILED,   /* no answer, or not all of it */
	FETCH_REFUSED,  /* an error answer */
	FETCH_OVERSIZE, /* longer than ANSWER_MAX_BYTES */
};

/**
 * POST /v1/evidence.
 * @url:       the service, "http://host:port"
 * @known:     logs that the host need not send
 * @timeout_s: for everything together, 1 or more
 * @answer:    the body; free with file_free whatever the result
 * @why:       what went wrong, clean for people
 */
enum fetch_result fetch_evidence(const char *url, const struct challenge *challenge, const struct known_logs *known,
				 long timeout_s, struct file *answer, char *why, size_t why_size);

#endif
