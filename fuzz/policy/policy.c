/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The policy file. */
#include "fuzz/shared/harness.h"
#include "policy/policy_file.h"

void fuzz_one(struct bytes input)
{
	static struct policy policy;
	struct parse_error error;

	if (!policy_parse(input, &policy, &error)) {
		PROMISE(error.what[0] != '\0');
		return;
	}
	PROMISE(policy.loader_count >= 1 && policy.image_count >= 1 && policy.config_count >= 1);
	PROMISE(digest_equal(sha256(policy.config[0].text), policy.config[0].sha256));
	PROMISE(policy.ak_name_count <= POLICY_MAX_AK_NAMES);
	PROMISE(!policy.not_before.is_set || policy_at(&policy, policy.not_before.seconds) == POLICY_IN_FORCE);
	policy_free(&policy);
}
