/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signs a policy, by mbedTLS. */
#include "policy/reference/sign.h"

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/ecdsa.h>
#include <mbedtls/entropy.h>
#include <mbedtls/pk.h>

#include "policy/crypto.h"

#ifndef MBEDTLS_ECDSA_DETERMINISTIC
#error "this mbedTLS signs with random nonces: the signature would not be reproducible"
#endif

/* 'random' blinds the computation only; with MBEDTLS_ECDSA_DETERMINISTIC the nonce is RFC 6979's. */
static const char *sign_with(mbedtls_pk_context *key, mbedtls_ctr_drbg_context *random, const char *key_path,
			     struct bytes data, uint8_t signature[SIGN_MAX_BYTES], size_t *len)
{
	const struct digest digest = sha256(data);

	if (mbedtls_pk_parse_keyfile(key, key_path, NULL, mbedtls_ctr_drbg_random, random) != 0)
		return "is not a private key in PEM without a password";
	if (!mbedtls_pk_can_do(key, MBEDTLS_PK_ECDSA) || mbedtls_pk_get_bitlen(key) != 256)
		return "is not a P-256 key";
	if (mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, digest.bytes, sizeof(digest.bytes), signature, SIGN_MAX_BYTES, len,
			    mbedtls_ctr_drbg_random, random) != 0)
		return "does not sign";
	return NULL;
}

const char *sign_deterministic(const char *key_path, struct bytes data, uint8_t signature[SIGN_MAX_BYTES], size_t *len)
{
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context random;
	mbedtls_pk_context key;
	const char *wrong = "cannot be used: the system gives no random bytes";

	mbedtls_entropy_init(&entropy);
	mbedtls_ctr_drbg_init(&random);
	mbedtls_pk_init(&key);
	if (mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0) == 0)
		wrong = sign_with(&key, &random, key_path, data, signature, len);
	mbedtls_pk_free(&key);
	mbedtls_ctr_drbg_free(&random);
	mbedtls_entropy_free(&entropy);
	return wrong;
}
