/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verifier: evidence, the challenge that it answers, a policy and what is known of the host in, a verdict out.
 * No clock, no network, no state: the same input gives the same verdict.
 */
#ifndef POLICY_JUDGE_H
#define POLICY_JUDGE_H

#include "policy/evidence.h"
#include "policy/known_host.h"
#include "policy/policy_file.h"
#include "policy/verdict.h"

/** Has an attestation key the form that docs/protocol.md demands? Records refusals of STEP_IDENTITY. */
void ak_form_check(const struct tpm_public *ak, struct verdict *verdict);

/**
 * Steps 1 to 10 of docs/protocol.md, "Verification". Every step that can be evaluated is, and every mismatch reported.
 */
void judge(const struct evidence *evidence, const struct challenge *challenge, const struct policy *policy,
	   const struct known_host *known, struct verdict *verdict);

#endif
