/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endorsement keys in libcrypto's form. */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "policy/ek_internal.h"

#define RSA_EXPONENT 65537u

static EVP_PKEY *import_rsa(const struct ek_public *ek)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *n = BN_bin2bn(ek->modulus, EK_MODULUS_BYTES, NULL);
	OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
	OSSL_PARAM *parameters = NULL;
	EVP_PKEY *key = NULL;

	if (n && builder && OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_uint(builder, OSSL_PKEY_PARAM_RSA_E, RSA_EXPONENT) == 1)
		parameters = OSSL_PARAM_BLD_to_param(builder);
	if (!context || !parameters || EVP_PKEY_fromdata_init(context) != 1 ||
	    EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
		key = NULL;
	OSSL_PARAM_free(parameters);
	OSSL_PARAM_BLD_free(builder);
	BN_free(n);
	EVP_PKEY_CTX_free(context);
	return key;
}

EVP_PKEY *ek_key(const struct ek_public *ek)
{
	return ek->rsa ? import_rsa(ek) : p256_import(&ek->point);
}
