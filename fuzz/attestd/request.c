/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests that anybody may send to attestd: the bodies of POST /v1/evidence and, with a credential, POST /v1/enrol.
 */
#include "fuzz/shared/harness.h"
#include "request.h"

static void check_failure(const struct failure *failure)
{
	PROMISE(failure->status == 400 && failure->code[0] != '\0' && failure->message[0] != '\0');
	for (const char *c = failure->field; *c; c++)
		PROMISE(*c >= ' ' && *c <= '~');
}

void fuzz_one(struct bytes input)
{
	const char *body = input.len ? (const char *)input.data : "";
	struct evidence_request evidence;
	struct enrol_request enrol;
	struct failure failure = {.status = 0, .code = ""};

	if (input.len > REQUEST_MAX_BYTES) /* refused before it is read */
		return;
	if (evidence_request_parse(body, input.len, &evidence, &failure))
		PROMISE(evidence.known_count <= KNOWN_LOGS_MAX);
	else
		check_failure(&failure);
	if (enrol_request_parse(body, input.len, &enrol, &failure))
		PROMISE(enrol.credential_bytes >= 1 && enrol.credential_bytes <= CREDENTIAL_MAX_BYTES &&
			enrol.secret_bytes >= 1 && enrol.secret_bytes <= SECRET_MAX_BYTES);
	else
		check_failure(&failure);
}
