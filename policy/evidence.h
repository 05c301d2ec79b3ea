/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host sent, as bytes, and what it was asked. */
#ifndef POLICY_EVIDENCE_H
#define POLICY_EVIDENCE_H

#include "policy/crypto.h"

#define NONCE_BYTES       32u
#define EVIDENCE_MAX_PCRS 32u
#define ANSWER_MAX_BYTES  (2u << 20) /* docs/protocol.md */

struct challenge {
	uint8_t nonce[NONCE_BYTES];
	uint8_t channel[NONCE_BYTES];
};

/* A log, and the digest that the host says it has. */
struct evidence_log {
	struct digest claimed;
	struct bytes data;
};

#define KNOWN_LOGS_MAX 2u

/* Logs that the verifier has already: the host need not send them. */
struct known_logs {
	size_t count;
	struct evidence_log log[KNOWN_LOGS_MAX]; /* claimed: the digest of data */
};

/** The known log with a digest, or NULL. 'known' may be NULL. */
const struct evidence_log *known_log(const struct known_logs *known, struct digest digest);

struct evidence_pcr {
	uint32_t index;
	struct digest value;
};

struct evidence {
	struct bytes quote;     /* TPMS_ATTEST */
	struct bytes signature; /* TPMT_SIGNATURE */
	struct bytes ak_public; /* TPMT_PUBLIC */
	struct evidence_log tcg_log;
	struct evidence_log hv_log;
	struct bytes statement; /* empty: the host has no hypervisor to ask */
	struct bytes fresh;     /* likewise */
	size_t pcr_count;       /* as sent; only the first EVIDENCE_MAX_PCRS are kept */
	struct evidence_pcr pcrs[EVIDENCE_MAX_PCRS];
	void *storage; /* what the bytes lie in, for evidence_free */
};

struct parse_error {
	char where[96]; /* the member, as a path: "pcrs[3].sha256" */
	char what[160];
};

/**
 * Reads the answer to POST /v1/evidence (docs/protocol.md), at most ANSWER_MAX_BYTES, every member with its exact
 * type, none missing, none unknown. On failure nothing is kept and 'error' says what is wrong.
 * @known: logs whose data may be absent, or NULL; they must outlive the evidence
 */
bool evidence_parse(struct bytes answer, const struct known_logs *known, struct evidence *evidence,
		    struct parse_error *error);

void evidence_free(struct evidence *evidence);

/** qualifyingData of docs/protocol.md. */
struct digest evidence_qualifying_data(const struct evidence *evidence, const struct challenge *challenge);

#endif
