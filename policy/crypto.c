/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hashes and signature checks, by mbedTLS. */
#include "policy/crypto.h"

#include <stdio.h>
#include <stdlib.h>

#include <mbedtls/ecdsa.h>
#include <mbedtls/ecp.h>
#include <mbedtls/sha256.h>

/* Order of P-256's base point (SEC 2, 2.4.2). */
static const uint8_t P256_N[32] = {
	0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
};

/* The library's software SHA-256 has no way to fail; if it does, nothing after it can be believed. */
static void must(int mbedtls_result)
{
	if (mbedtls_result != 0) {
		fprintf(stderr, "cloister: SHA-256 failed (%d)\n", mbedtls_result);
		abort();
	}
}

struct digest sha256_pieces(const struct bytes *pieces, size_t count)
{
	mbedtls_sha256_context ctx;
	struct digest out;

	mbedtls_sha256_init(&ctx);
	must(mbedtls_sha256_starts(&ctx, 0));
	for (size_t i = 0; i < count; i++)
		if (pieces[i].len > 0)
			must(mbedtls_sha256_update(&ctx, pieces[i].data, pieces[i].len));
	must(mbedtls_sha256_finish(&ctx, out.bytes));
	mbedtls_sha256_free(&ctx);
	return out;
}

struct digest sha256(struct bytes data)
{
	return sha256_pieces(&data, 1);
}

struct digest pcr_extend(struct digest pcr, struct digest with)
{
	const struct bytes pieces[] = {{pcr.bytes, sizeof(pcr.bytes)}, {with.bytes, sizeof(with.bytes)}};

	return sha256_pieces(pieces, 2);
}

struct digest digest_filled(uint8_t value)
{
	struct digest d;

	memset(d.bytes, value, sizeof(d.bytes));
	return d;
}

static bool scalar_in_range(const uint8_t scalar[32])
{
	static const uint8_t zero[32];

	return memcmp(scalar, zero, sizeof(zero)) != 0 && memcmp(scalar, P256_N, sizeof(P256_N)) < 0;
}

/* The signature, once r and s are known to be in range. */
static enum p256_result verify_in_range(mbedtls_ecp_group *group, mbedtls_ecp_point *point, mbedtls_mpi *r,
					mbedtls_mpi *s, const struct p256_public *key,
					const struct p256_signature *signature, struct digest digest)
{
	uint8_t encoded[65] = {0x04}; /* SEC 1, 2.3.4: uncompressed */

	memcpy(encoded + 1, key->x, 32);
	memcpy(encoded + 33, key->y, 32);
	if (mbedtls_ecp_group_load(group, MBEDTLS_ECP_DP_SECP256R1) != 0 ||
	    mbedtls_mpi_read_binary(r, signature->r, 32) != 0 || mbedtls_mpi_read_binary(s, signature->s, 32) != 0)
		return P256_INVALID;
	if (mbedtls_ecp_point_read_binary(group, point, encoded, sizeof(encoded)) != 0 ||
	    mbedtls_ecp_check_pubkey(group, point) != 0)
		return P256_BAD_KEY;
	if (mbedtls_ecdsa_verify(group, digest.bytes, sizeof(digest.bytes), point, r, s) != 0)
		return P256_INVALID;
	return P256_VALID;
}

enum p256_result p256_verify(const struct p256_public *key, const struct p256_signature *signature,
			     struct bytes message)
{
	mbedtls_ecp_group group;
	mbedtls_ecp_point point;
	mbedtls_mpi r, s;

	if (!scalar_in_range(signature->r) || !scalar_in_range(signature->s))
		return P256_RANGE;
	mbedtls_ecp_group_init(&group);
	mbedtls_ecp_point_init(&point);
	mbedtls_mpi_init(&r);
	mbedtls_mpi_init(&s);
	const enum p256_result result = verify_in_range(&group, &point, &r, &s, key, signature, sha256(message));
	mbedtls_mpi_free(&s);
	mbedtls_mpi_free(&r);
	mbedtls_ecp_point_free(&point);
	mbedtls_ecp_group_free(&group);
	return result;
}
