/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a host's answer and a guest's evidence have in common. Internal to the library. */
#ifndef POLICY_EVIDENCE_MEMBERS_H
#define POLICY_EVIDENCE_MEMBERS_H

#include "policy/members.h"

/** Reads the members of a document that are of the TPM: its version, the quote, its signature and key, PCR values. */
void evidence_read_quote(struct members *m, const json_t *root, struct evidence *evidence);

/**
 * qualifyingData of docs/protocol.md: SHA-256 of a label, of what the quote is for, and of the digests of both logs and
 * the statement.
 */
struct digest evidence_qualify(const char *label, struct bytes what, const struct evidence *evidence);

#endif
