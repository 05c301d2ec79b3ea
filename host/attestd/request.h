/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bodies of POST /v1/evidence and POST /v1/enrol (docs/protocol.md): parsed once, strictly. */
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

/* What the tenant's tool made for the endorsement key: the contents of two TPM2Bs (TPM 2.0 Part 2, 12.4.3, 11.4.33). */
#define CREDENTIAL_MAX_BYTES 132u /* TPM2B_ID_OBJECT */
#define SECRET_MAX_BYTES     256u /* TPM2B_ENCRYPTED_SECRET of an RSA 2048 key; of ECC P-256: 68 */

struct enrol_request {
	uint8_t credential[CREDENTIAL_MAX_BYTES];
	size_t credential_bytes;
	uint8_t secret[SECRET_MAX_BYTES];
	size_t secret_bytes;
};

/** Parses the body of POST /v1/enrol, as evidence_request_parse does. */
bool enrol_request_parse(const char *body, size_t bytes, struct enrol_request *request, struct failure *failure);

/** Parses a request body of at most REQUEST_MAX_BYTES. On an error 'failure' says which field is wrong. */
bool evidence_request_parse(const char *body, size_t bytes, struct evidence_request *request, struct failure *failure);

/** Does the asker have the log with this digest already? */
bool evidence_request_knows(const struct evidence_request *request, const uint8_t digest[SHA256_BYTES]);

#endif
