/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/sha384.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct sha384 {
	EVP_MD_CTX *context;
};

/* Fails without memory or without libcrypto's default provider. */
static void must(bool ok)
{
	if (!ok)
		abort();
}

struct sha384 *sha384_new(void)
{
	struct sha384 *hash = malloc(sizeof(*hash));

	must(hash != NULL);
	hash->context = EVP_MD_CTX_new();
	must(hash->context && EVP_DigestInit_ex(hash->context, EVP_sha384(), NULL) == 1);
	return hash;
}

void sha384_add(struct sha384 *hash, struct bytes data)
{
	must(data.len == 0 || EVP_DigestUpdate(hash->context, data.data, data.len) == 1);
}

void sha384_end(struct sha384 *hash, uint8_t digest[SHA384_BYTES])
{
	must(EVP_DigestFinal_ex(hash->context, digest, NULL) == 1);
	EVP_MD_CTX_free(hash->context);
	free(hash);
}

void sha384_of(struct bytes data, uint8_t digest[SHA384_BYTES])
{
	struct sha384 *hash = sha384_new();

	sha384_add(hash, data);
	sha384_end(hash, digest);
}
