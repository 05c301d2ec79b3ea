/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest shows of itself and of its host, as bytes (docs/protocol.md, "Evidence of a guest"). */
#ifndef POLICY_GUEST_EVIDENCE_H
#define POLICY_GUEST_EVIDENCE_H

#include <cloister/report.h>

#include "policy/evidence.h"
#include "policy/merkle.h"

#define GUEST_EVIDENCE_MAX_BYTES 8192u /* a quote's buffer in Linux 6.12 */

struct guest_evidence {
	struct evidence host;      /* its quote is for a batch of reports; of logs only the digests */
	struct merkle_leaf report; /* struct hk_report as received, and its place in the batch */
	struct digest batch;       /* the root of the batch */
};

/* What the tenant has asked the guest for. */
struct guest_challenge {
	uint8_t nonce[NONCE_BYTES];
	struct bytes bound; /* what the guest binds to its report, such as its key; may be empty */
};

/**
 * Reads a guest's evidence, at most GUEST_EVIDENCE_MAX_BYTES, every member with its exact type, none missing, none
 * unknown. It has no logs: the caller puts the data of both into 'host', where it must outlive the evidence. On failure
 * nothing is kept and 'error' says what is wrong. Free with guest_evidence_free.
 */
bool guest_evidence_parse(struct bytes document, struct guest_evidence *evidence, struct parse_error *error);

void guest_evidence_free(struct guest_evidence *evidence);

/** qualifyingData of docs/protocol.md for a batch of reports. Needs the logs' data. */
struct digest guest_evidence_qualifying_data(const struct guest_evidence *evidence);

/** What the guest's report data must be: SHA-512 of the nonce and what the guest binds. */
void guest_report_data(const struct guest_challenge *challenge, uint8_t data[REPORT_DATA_BYTES]);

#endif
