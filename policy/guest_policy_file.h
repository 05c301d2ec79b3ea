/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tenant accepts of a guest (docs/protocol.md, "Guest policy"). */
#ifndef POLICY_GUEST_POLICY_FILE_H
#define POLICY_GUEST_POLICY_FILE_H

#include <cloister/report.h>

#include "policy/evidence.h"

#define GUEST_POLICY_VERSION    1u
#define GUEST_POLICY_MAX_NAME   64u
#define GUEST_POLICY_MAX_VALUES 64u
#define GUEST_POLICY_MAX_BYTES  (256u << 10)

#define GUEST_DEBUG 1ull /* of ATTRIBUTES: the host may read the guest */

/* Fields of a report that are SHA-384 hashes: X(enumerator, member of the policy, how it is left open) */
#define GUEST_HASHES(X)                                         \
	X(GUEST_MRTD, "mrtd", OPEN_NEVER)                       \
	X(GUEST_RTMR0, "rtmr0", OPEN_UNCHECKED)                 \
	X(GUEST_RTMR1, "rtmr1", OPEN_UNCHECKED)                 \
	X(GUEST_RTMR2, "rtmr2", OPEN_UNCHECKED)                 \
	X(GUEST_RTMR3, "rtmr3", OPEN_UNCHECKED)                 \
	X(GUEST_MRCONFIGID, "mrconfigid", OPEN_UNCHECKED)       \
	X(GUEST_MROWNER, "mrowner", OPEN_UNCHECKED)             \
	X(GUEST_MROWNERCONFIG, "mrownerconfig", OPEN_UNCHECKED) \
	X(GUEST_CPUID, "cpuid_sha384", OPEN_NULL)

#define GUEST_HASH_ENUM(enumerator, member, open) enumerator,
enum guest_hash_field { GUEST_HASHES(GUEST_HASH_ENUM) GUEST_HASH_COUNT };
#undef GUEST_HASH_ENUM

struct guest_hash {
	uint8_t bytes[REPORT_HASH_BYTES];
};

/* The values that pass; none if the policy leaves the field open. */
struct guest_hashes {
	size_t count;
	struct guest_hash values[GUEST_POLICY_MAX_VALUES];
};

struct guest_numbers {
	size_t count;
	uint64_t values[GUEST_POLICY_MAX_VALUES];
};

struct guest_policy {
	char name[GUEST_POLICY_MAX_NAME];
	struct guest_hashes hashes[GUEST_HASH_COUNT];
	struct guest_numbers xfam;
	uint64_t attributes; /* without GUEST_DEBUG */
	bool allow_debug;
	bool allow_lazy_acceptance;
	bool allow_removed_pages;
	uint32_t max_vcpus;
	uint8_t first_vector, last_vector; /* the host may raise interrupts between them */
};

/** Reads a guest policy: every member, none missing, none unknown. On failure 'error' says why. */
bool guest_policy_parse(struct bytes text, struct guest_policy *policy, struct parse_error *error);

/** The member's name. */
const char *guest_hash_name(enum guest_hash_field field);

/** Does the policy say "unchecked" of this field? Null, for a field that nobody need know, is not that. */
bool guest_policy_unchecked(const struct guest_policy *policy, enum guest_hash_field field);

#endif
