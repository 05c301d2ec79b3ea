/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tenant knows of the host that he asks, besides his policy. */
#ifndef POLICY_KNOWN_HOST_H
#define POLICY_KNOWN_HOST_H

#include "policy/tpm_parse.h"

/* What was seen when the host was accepted last. */
struct host_memory {
	bool seen; /* is any of it set? */
	uint32_t reset_count, restart_count;
	uint64_t clock_ms;         /* the TPM's, which goes on over resets */
	uint64_t firmware_version; /* the TPM's */
	uint64_t policy_serial;
	uint8_t boot_id[32]; /* the hypervisor's */
};

struct known_host {
	bool any_tpm;            /* where neither an enrolment nor the policy names a key, any will do */
	bool enrolled;           /* the key below was bound to this host's TPM */
	bool saved;              /* the evidence may be older than the memory, of which only the serial counts then */
	struct tpm_name ak_name; /* attestation key: enrolled, or that of which the memory is */
	struct host_memory memory;
};

#endif
