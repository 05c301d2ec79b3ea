/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user's guest policy. */
#include "tenant/guest_policy_load.h"

#include <stdio.h>

#include "tenant/file.h"
#include "tenant/signed_policy.h"

static bool parse(const char *path, struct bytes text, struct guest_policy *policy)
{
	struct parse_error error;

	if (guest_policy_parse(text, policy, &error))
		return true;
	fprintf(stderr, "cloister: %s: not a guest policy that this version can use: %s%s%s\n", path, error.where,
		error.where[0] ? " " : "", error.what);
	return false;
}

bool guest_policy_load(const char *path, const char *key_path, struct guest_policy *policy)
{
	struct file file;

	if (!file_read(path, GUEST_POLICY_MAX_BYTES, &file))
		return false;
	const bool ok = (!key_path || signature_check(path, key_path, file_bytes(&file))) &&
			parse(path, file_bytes(&file), policy);
	file_free(&file);
	return ok;
}
