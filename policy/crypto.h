/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cryptography that a verifier needs: hashes, TPM's extend, ECDSA P-256. All inputs may be hostile. */
#ifndef POLICY_CRYPTO_H
#define POLICY_CRYPTO_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/reader.h"

#define SHA256_BYTES 32u

struct digest {
	uint8_t bytes[SHA256_BYTES];
};

/** SHA-256 over the concatenation of 'count' pieces. */
struct digest sha256_pieces(const struct bytes *pieces, size_t count);

struct digest sha256(struct bytes data);

#define SHA512_BYTES 64u

/** SHA-512, likewise. */
void sha512_pieces(const struct bytes *pieces, size_t count, uint8_t digest[SHA512_BYTES]);

/** TPM2_PCR_Extend: SHA-256(pcr || digest). */
struct digest pcr_extend(struct digest pcr, struct digest with);

static inline bool digest_equal(struct digest a, struct digest b)
{
	return memcmp(a.bytes, b.bytes, SHA256_BYTES) == 0;
}

/** A digest with every byte 'value': 0x00 and 0xff are what PCRs are reset to. */
struct digest digest_filled(uint8_t value);

/* An ECDSA P-256 signature, big-endian; a public key, X || Y. */
struct p256_signature {
	uint8_t r[32];
	uint8_t s[32];
};

struct p256_public {
	uint8_t x[32];
	uint8_t y[32];
};

enum p256_result {
	P256_VALID,
	P256_RANGE,   /* r or s is not in 1 to n-1 */
	P256_BAD_KEY, /* not a point of the curve */
	P256_INVALID, /* well-formed, but not a signature of these bytes by this key */
};

/** The key in libcrypto's form (EVP_PKEY), or NULL if it is not a point of the curve. The caller frees it. */
struct evp_pkey_st *p256_import(const struct p256_public *key);

/** Verifies an ECDSA P-256 signature over SHA-256(message) (SEC 1, 4.1.4). */
enum p256_result p256_verify(const struct p256_public *key, const struct p256_signature *signature,
			     struct bytes message);

#endif
