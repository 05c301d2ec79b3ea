/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The generator, and what mbedTLS and p256-m ask of their platform. */
#include "drbg.h"

#include <mbedtls/hmac_drbg.h>
#include <mbedtls/platform_util.h>
#include <psa/crypto.h>
#include <stdalign.h>

#include "lib/wipe.h"

/* The generator's context, and memory for its digest and its two HMAC pads (mbedtls_md_setup). */
static struct {
	bool seeded;
	mbedtls_hmac_drbg_context context;
	size_t heap_used;
	alignas(max_align_t) uint8_t heap[256];
} drbg;

void *drbg_calloc(size_t count, size_t bytes)
{
	const size_t mask = alignof(max_align_t) - 1;
	size_t wanted;
	void *block = &drbg.heap[drbg.heap_used];

	if (__builtin_mul_overflow(count, bytes, &wanted) || wanted > sizeof(drbg.heap) - drbg.heap_used)
		return NULL;
	drbg.heap_used += (wanted + mask) & ~mask;
	return block; /* zero since drbg_seed */
}

/* Called on the error paths of mbedtls_md_setup only; the next drbg_seed takes the memory back. */
void drbg_free(void *block)
{
	(void)block;
}

void mbedtls_zeroize_and_free(void *block, size_t bytes)
{
	secure_wipe(block, bytes);
}

int psa_generate_random(uint8_t *output, size_t bytes)
{
	return drbg_fill(output, bytes) ? 0 : -1;
}

bool drbg_seed(const void *seed, size_t bytes)
{
	const mbedtls_md_info_t *sha256 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);

	secure_wipe(&drbg, sizeof(drbg));
	mbedtls_hmac_drbg_init(&drbg.context);
	drbg.seeded = mbedtls_hmac_drbg_seed_buf(&drbg.context, sha256, seed, bytes) == 0;
	return drbg.seeded;
}

bool drbg_stir(const void *data, size_t bytes)
{
	return drbg.seeded && mbedtls_hmac_drbg_update(&drbg.context, data, bytes) == 0;
}

bool drbg_fill(void *out, size_t bytes)
{
	return drbg.seeded && mbedtls_hmac_drbg_random(&drbg.context, out, bytes) == 0;
}

/* The pointers stay: at a crash another CPU may be in here, and must find its way out. V and the pads are the secrets.
 */
void drbg_wipe(void)
{
	drbg.seeded = false;
	secure_wipe_through(drbg.context.MBEDTLS_PRIVATE(V), sizeof(drbg.context.MBEDTLS_PRIVATE(V)));
	secure_wipe_through(drbg.heap, sizeof(drbg.heap));
}
