/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A policy file, and its signature where one is asked for. */
#include "tenant/signed_policy.h"

#include <limits.h>
#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "policy/date.h"
#include "tenant/file.h"

#define SIGNATURE_MAX_BYTES 80u /* DER of two 32-byte integers: 72 */

/* A P-256 public key, or NULL. */
static EVP_PKEY *read_key(const char *path)
{
	FILE *file = fopen(path, "re");
	char group[16] = "";

	if (!file)
		return NULL;
	EVP_PKEY *key = PEM_read_PUBKEY(file, NULL, NULL, NULL);
	fclose(file);
	if (key && (!EVP_PKEY_is_a(key, "EC") || EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1 ||
		    strcmp(group, "prime256v1") != 0)) {
		EVP_PKEY_free(key);
		key = NULL;
	}
	return key;
}

static bool verify_with(EVP_PKEY *key, struct bytes text, struct bytes signature)
{
	const struct digest digest = sha256(text);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
	const bool ok =
		context && EVP_PKEY_verify_init(context) == 1 &&
		EVP_PKEY_verify(context, signature.data, signature.len, digest.bytes, sizeof(digest.bytes)) == 1;

	EVP_PKEY_CTX_free(context);
	return ok;
}

bool signature_check(const char *path, const char *key_path, struct bytes text)
{
	char signature_path[PATH_MAX];
	struct file signature;

	snprintf(signature_path, sizeof(signature_path), "%s.sig", path);
	if (!file_read(signature_path, SIGNATURE_MAX_BYTES, &signature))
		return false;
	EVP_PKEY *key = read_key(key_path);
	if (!key)
		fprintf(stderr, "cloister: %s: is not a P-256 public key in PEM\n", key_path);
	const bool ok = key && verify_with(key, text, file_bytes(&signature));
	EVP_PKEY_free(key);
	file_free(&signature);
	if (!ok)
		fprintf(stderr, "cloister: %s: not signed by %s: get policy and signature again from their maker\n",
			path, key_path);
	return ok;
}

/* A policy from the future is no safer than one that has ended: either this clock or the policy is wrong. */
static bool check_dates(const char *path, int64_t now, const struct policy *policy)
{
	char clock[DATE_BYTES], limit[DATE_BYTES];

	date_text(now, clock);
	switch (policy_at(policy, now)) {
	case POLICY_IN_FORCE:
		return true;
	case POLICY_NOT_YET:
		date_text(policy->not_before.seconds, limit);
		fprintf(stderr, "cloister: %s: a policy from the future: not_before is %s, and this clock says %s\n",
			path, limit, clock);
		break;
	case POLICY_EXPIRED:
		date_text(policy->not_after.seconds, limit);
		fprintf(stderr, "cloister: %s: the policy has expired: not_after is %s, and this clock says %s\n", path,
			limit, clock);
		break;
	}
	fprintf(stderr, "cloister: check this machine's clock; get the present policy from its maker\n");
	return false;
}

bool signed_policy_load(const char *path, const char *key_path, int64_t now, struct policy *policy)
{
	struct parse_error error;
	struct file file;

	if (!file_read(path, POLICY_MAX_BYTES, &file)) {
		fprintf(stderr,
			"cloister: a policy says what may run on the host; 'make reference' writes that of a build\n");
		return false;
	}
	bool ok = !key_path || signature_check(path, key_path, file_bytes(&file));
	if (ok && !policy_parse(file_bytes(&file), policy, &error)) {
		fprintf(stderr, "cloister: %s: not a policy that this version can use: %s%s%s\n", path, error.where,
			error.where[0] ? " " : "", error.what);
		ok = false;
	}
	file_free(&file);
	if (!ok || check_dates(path, now, policy))
		return ok;
	policy_free(policy);
	return false;
}
