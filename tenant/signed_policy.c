/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A policy file, and its signature where one is asked for. */
#include "tenant/signed_policy.h"

#include <limits.h>
#include <stdio.h>

#include <mbedtls/pk.h>

#include "tenant/file.h"

#define SIGNATURE_MAX_BYTES 80u /* DER of two 32-byte integers: 72 */

static bool verify_with(mbedtls_pk_context *key, const char *key_path, struct bytes text, struct bytes signature)
{
	const struct digest digest = sha256(text);

	if (mbedtls_pk_parse_public_keyfile(key, key_path) != 0 || !mbedtls_pk_can_do(key, MBEDTLS_PK_ECDSA) ||
	    mbedtls_pk_get_bitlen(key) != 256) {
		fprintf(stderr, "cloister: %s: is not a P-256 public key in PEM\n", key_path);
		return false;
	}
	return mbedtls_pk_verify(key, MBEDTLS_MD_SHA256, digest.bytes, sizeof(digest.bytes), signature.data,
				 signature.len) == 0;
}

static bool check_signature(const char *path, const char *key_path, struct bytes text)
{
	char signature_path[PATH_MAX];
	struct file signature;
	mbedtls_pk_context key;

	snprintf(signature_path, sizeof(signature_path), "%s.sig", path);
	if (!file_read(signature_path, SIGNATURE_MAX_BYTES, &signature))
		return false;
	mbedtls_pk_init(&key);
	const bool ok = verify_with(&key, key_path, text, file_bytes(&signature));
	mbedtls_pk_free(&key);
	file_free(&signature);
	if (!ok)
		fprintf(stderr, "cloister: %s: not signed by %s: get policy and signature again from their maker\n",
			path, key_path);
	return ok;
}

bool signed_policy_load(const char *path, const char *key_path, struct policy *policy)
{
	struct parse_error error;
	struct file file;

	if (!file_read(path, POLICY_MAX_BYTES, &file)) {
		fprintf(stderr,
			"cloister: a policy says what may run on the host; 'make reference' writes that of a build\n");
		return false;
	}
	bool ok = !key_path || check_signature(path, key_path, file_bytes(&file));
	if (ok && !policy_parse(file_bytes(&file), policy, &error)) {
		fprintf(stderr, "cloister: %s: not a policy that this version can use: %s%s%s\n", path, error.where,
			error.where[0] ? " " : "", error.what);
		ok = false;
	}
	file_free(&file);
	return ok;
}
