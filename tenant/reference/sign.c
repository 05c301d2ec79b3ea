/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signs a policy, by OpenSSL's libcrypto. */
#include "tenant/reference/sign.h"

#include <stdio.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>

#include "policy/crypto.h"

#define NONCE_RFC6979 1u /* EVP_SIGNATURE-ECDSA(7): "nonce-type" */

/* PEM_read_PrivateKey asks for a password on the terminal if it is not given a function: there is none. */
static int no_password(char *to, int size, int writing, void *argument)
{
	(void)to, (void)size, (void)writing, (void)argument;
	return -1;
}

static bool is_p256(const EVP_PKEY *key)
{
	char group[16];

	return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
	       strcmp(group, "prime256v1") == 0;
}

/* The nonce is RFC 6979's: the same key and data give the same signature. */
static bool sign_with(EVP_PKEY *key, struct bytes data, uint8_t signature[SIGN_MAX_BYTES], size_t *len)
{
	const struct digest digest = sha256(data);
	unsigned int nonce_type = NONCE_RFC6979;
	char hash[] = "SHA256";
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, hash, 0),
		OSSL_PARAM_construct_uint(OSSL_SIGNATURE_PARAM_NONCE_TYPE, &nonce_type),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	*len = SIGN_MAX_BYTES;
	const bool ok = context && EVP_PKEY_sign_init_ex(context, parameters) == 1 &&
			EVP_PKEY_sign(context, signature, len, digest.bytes, sizeof(digest.bytes)) == 1;
	EVP_PKEY_CTX_free(context);
	return ok;
}

const char *sign_deterministic(const char *key_path, struct bytes data, uint8_t signature[SIGN_MAX_BYTES], size_t *len)
{
	FILE *file = fopen(key_path, "re");
	EVP_PKEY *key = file ? PEM_read_PrivateKey(file, NULL, no_password, NULL) : NULL;
	const char *wrong = NULL;

	if (file)
		fclose(file);
	if (!key)
		wrong = "is not a private key in PEM without a password";
	else if (!is_p256(key))
		wrong = "is not a P-256 key";
	else if (!sign_with(key, data, signature, len))
		wrong = "does not sign";
	EVP_PKEY_free(key);
	return wrong;
}
