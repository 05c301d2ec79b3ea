/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host says of its TPM's keys: the answer to GET /v1/identity (docs/protocol.md). */
#ifndef POLICY_IDENTITY_H
#define POLICY_IDENTITY_H

#include "policy/ek.h"
#include "policy/evidence.h"

struct identity {
	struct bytes ek_public; /* TPMT_PUBLIC */
	struct bytes ak_public; /* TPMT_PUBLIC */
	size_t certificate_count;
	struct bytes certificate[EK_CERTIFICATES_MAX]; /* DER; of the endorsement key and of authorities */
	void *storage;                                 /* what the bytes lie in, for identity_free */
};

/** Reads an answer, every member with its exact type, none missing, none unknown. Free with identity_free. */
bool identity_parse(struct bytes answer, struct identity *identity, struct parse_error *error);

void identity_free(struct identity *identity);

/** Reads the answer to POST /v1/enrol: true if it could be read; 'same' says whether it gives back 'credential'. */
bool enrol_answer_parse(struct bytes answer, const uint8_t credential[SHA256_BYTES], bool *same,
			struct parse_error *error);

#endif
