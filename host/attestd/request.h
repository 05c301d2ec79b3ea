/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The body of POST /v1/evidence (docs/protocol.md): parsed once, strictly. */
#ifndef ATTESTD_REQUEST_H
#define ATTESTD_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "encode.h"
#include "failure.h"

#define REQUEST_MAX_BYTES 4096u
#define KNOWN_LOGS_MAX    8u

struct evidence_request {
	uint8_t nonce[32];
	uint8_t channel[32];
	uint8_t known_logs[KNOWN_LOGS_MAX][SHA256_BYTES];
	size_t known_count;
};

/** Parses a request body of at most REQUEST_MAX_BYTES. On an error 'failure' says which field is wrong. */
bool evidence_request_parse(const char *body, size_t bytes, struct evidence_request *request, struct failure *failure);

/** Does the asker have the log with this digest already? */
bool evidence_request_knows(const struct evidence_request *request, const uint8_t digest[SHA256_BYTES]);

#endif
