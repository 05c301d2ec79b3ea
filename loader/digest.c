/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Digests, by mbedTLS's SHA-256 and SHA-512 code. */
#include "digest.h"

#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <string.h>

/* mbedTLS's hook: the hashed data is public. It is a call, so memset is not optimised away. */
void mbedtls_platform_zeroize(void *memory, size_t bytes)
{
	memset(memory, 0, bytes);
}

/* mbedTLS's one-call functions fail only where hardware or a callback does; here there is neither. */
static void digest(uint16_t algorithm, const void *data, size_t bytes, uint8_t to[TPM2_DIGEST_BYTES])
{
	memset(to, 0, TPM2_DIGEST_BYTES);
	if (algorithm == TPM_ALG_SHA384 || algorithm == TPM_ALG_SHA512)
		(void)mbedtls_sha512(data, bytes, to, algorithm == TPM_ALG_SHA384);
	else
		(void)mbedtls_sha256(data, bytes, to, 0);
}

void digest_all(const struct tpm2_banks *banks, const void *data, size_t bytes, struct tpm2_digests *digests)
{
	digests->banks = *banks;
	for (uint32_t i = 0; i < banks->count; i++)
		digest(banks->bank[i].algorithm, data, bytes, digests->value[i]);
}

const uint8_t *digest_sha256(const struct tpm2_digests *digests)
{
	uint32_t i = 0;

	while (i + 1 < digests->banks.count && digests->banks.bank[i].algorithm != TPM_ALG_SHA256)
		i++;
	return digests->value[i];
}
