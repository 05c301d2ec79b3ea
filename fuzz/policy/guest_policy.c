/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest policy. */
#include "fuzz/shared/harness.h"
#include "policy/guest_policy_file.h"

void fuzz_one(struct bytes input)
{
	static struct guest_policy policy;
	struct parse_error error;

	if (!guest_policy_parse(input, &policy, &error)) {
		PROMISE(error.what[0] != '\0' && policy.hashes[GUEST_MRTD].count == 0);
		return;
	}
	PROMISE(policy.name[0] != '\0' && policy.hashes[GUEST_MRTD].count >= 1 && policy.max_vcpus >= 1);
	for (enum guest_hash_field field = 0; field < GUEST_HASH_COUNT; field++)
		PROMISE(policy.hashes[field].count <= GUEST_POLICY_MAX_VALUES);
	PROMISE(policy.xfam.count <= GUEST_POLICY_MAX_VALUES && (policy.attributes & GUEST_DEBUG) == 0);
	PROMISE(policy.first_vector >= 32 && policy.first_vector <= policy.last_vector);
}
