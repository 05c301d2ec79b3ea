/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-384 by mbedTLS, whose functions cannot fail without an accelerator (library/sha512.c). */
#include "sha384.h"

#include <mbedtls/sha512.h>

_Static_assert(sizeof(struct sha384) >= sizeof(mbedtls_sha512_context), "room for the context");

static mbedtls_sha512_context *context(struct sha384 *hash)
{
	return (mbedtls_sha512_context *)(void *)hash->context;
}

void sha384_start(struct sha384 *hash)
{
	mbedtls_sha512_init(context(hash));
	(void)mbedtls_sha512_starts(context(hash), 1);
}

void sha384_add(struct sha384 *hash, const void *bytes, size_t length)
{
	(void)mbedtls_sha512_update(context(hash), bytes, length);
}

void sha384_finish(struct sha384 *hash, uint8_t digest[SHA384_BYTES])
{
	(void)mbedtls_sha512_finish(context(hash), digest);
}

void sha384_of(const void *bytes, size_t length, uint8_t digest[SHA384_BYTES])
{
	struct sha384 hash;

	sha384_start(&hash);
	sha384_add(&hash, bytes, length);
	sha384_finish(&hash, digest);
}
