/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The verifier of a guest: its host is judged as ever, then the report that the host's hypervisor signed for it. */
#ifndef POLICY_JUDGE_GUEST_H
#define POLICY_JUDGE_GUEST_H

#include "policy/guest_evidence.h"
#include "policy/guest_policy_file.h"
#include "policy/judge.h"

/* Who may run a guest, and what it may be. */
struct guest_policies {
	const struct policy *host;
	const struct guest_policy *guest;
};

/**
 * Steps 1 to 10 of docs/protocol.md on the guest's host, with the batch of reports in place of a nonce; then step 11 on
 * the guest. Every step that can be evaluated is, and every mismatch reported.
 * @evidence: with the data of both logs
 */
void judge_guest(const struct guest_evidence *evidence, const struct guest_challenge *challenge,
		 const struct guest_policies *policies, const struct known_host *known, struct verdict *verdict);

#endif
