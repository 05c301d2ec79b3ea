/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tenant knows of the host that he asks, besides his policy. */
#ifndef POLICY_KNOWN_HOST_H
#define POLICY_KNOWN_HOST_H

#include "policy/tpm.h"

struct known_host {
	bool any_tpm;            /* where neither an enrolment nor the policy names a key, any will do */
	bool enrolled;           /* the key below was bound to this host's TPM */
	struct tpm_name ak_name; /* attestation key */
};

#endif
