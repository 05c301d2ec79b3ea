/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hashes and signature checks, by OpenSSL's libcrypto. */
#include "policy/crypto.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

/* Order of P-256's base point (SEC 2, 2.4.2). */
static const uint8_t P256_N[32] = {
	0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
};

/* DER of an ECDSA signature (RFC 3279, 2.2.3): a sequence of two integers, each of 33 bytes at most. */
#define SIGNATURE_DER_BYTES (2u + 2u * (2u + 33u))

/* Fails without memory or without the library's default provider; nothing after it can be believed. */
static void must(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "cloister: %s failed: check the installation of libcrypto (OpenSSL 3)\n", what);
		abort();
	}
}

/* Looking an algorithm up costs as much as hashing a few hundred bytes: done once for each thread. */
static EVP_MD_CTX *hash_context(const char *name)
{
	EVP_MD *md = EVP_MD_fetch(NULL, name, NULL);
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	must(md && context && EVP_DigestInit_ex2(context, md, NULL) == 1, name);
	EVP_MD_free(md); /* the context keeps it */
	return context;
}

/* @out: of the length of the context's algorithm */
static void hash_pieces(EVP_MD_CTX *context, const struct bytes *pieces, size_t count, uint8_t *out)
{
	must(EVP_DigestInit_ex2(context, NULL, NULL) == 1, "hashing");
	for (size_t i = 0; i < count; i++)
		if (pieces[i].len > 0)
			must(EVP_DigestUpdate(context, pieces[i].data, pieces[i].len) == 1, "hashing");
	must(EVP_DigestFinal_ex(context, out, NULL) == 1, "hashing");
}

struct digest sha256_pieces(const struct bytes *pieces, size_t count)
{
	static _Thread_local EVP_MD_CTX *context;
	struct digest out;

	if (!context)
		context = hash_context("SHA256");
	hash_pieces(context, pieces, count, out.bytes);
	return out;
}

void sha512_pieces(const struct bytes *pieces, size_t count, uint8_t digest[SHA512_BYTES])
{
	static _Thread_local EVP_MD_CTX *context;

	if (!context)
		context = hash_context("SHA512");
	hash_pieces(context, pieces, count, digest);
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

/* A context for keys of P-256; one for each thread, for the same reason as above. */
static EVP_PKEY_CTX *key_context(void)
{
	static _Thread_local EVP_PKEY_CTX *context;

	if (!context) {
		context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
		must(context && EVP_PKEY_fromdata_init(context) == 1, "P-256");
	}
	return context;
}

/* libcrypto checks that it is a point of the curve when it decodes it. */
EVP_PKEY *p256_import(const struct p256_public *key)
{
	char group[] = "P-256";
	uint8_t encoded[65] = {0x04}; /* SEC 1, 2.3.4: uncompressed */
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, encoded, sizeof(encoded)),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY *imported = NULL;

	memcpy(encoded + 1, key->x, 32);
	memcpy(encoded + 33, key->y, 32);
	if (EVP_PKEY_fromdata(key_context(), &imported, EVP_PKEY_PUBLIC_KEY, (OSSL_PARAM *)parameters) == 1)
		return imported;
	EVP_PKEY_free(imported);
	return NULL;
}

/* Appends one positive integer; returns the bytes written. */
static size_t put_integer(uint8_t *to, const uint8_t number[32])
{
	size_t skip = 0, used = 0;

	while (skip < 31 && number[skip] == 0)
		skip++;
	const size_t pad = number[skip] >> 7;
	to[used++] = 0x02;
	to[used++] = (uint8_t)(32 - skip + pad);
	if (pad)
		to[used++] = 0;
	memcpy(to + used, number + skip, 32 - skip);
	return used + 32 - skip;
}

static size_t put_signature(uint8_t to[SIGNATURE_DER_BYTES], const struct p256_signature *signature)
{
	size_t used = 2;

	used += put_integer(to + used, signature->r);
	used += put_integer(to + used, signature->s);
	to[0] = 0x30;
	to[1] = (uint8_t)(used - 2);
	return used;
}

/* The signature, once r and s are known to be in range. */
static bool verify_in_range(EVP_PKEY *key, const struct p256_signature *signature, struct digest digest)
{
	uint8_t der[SIGNATURE_DER_BYTES];
	const size_t der_bytes = put_signature(der, signature);
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	must(context && EVP_PKEY_verify_init(context) == 1, "P-256");
	const bool valid = EVP_PKEY_verify(context, der, der_bytes, digest.bytes, sizeof(digest.bytes)) == 1;
	EVP_PKEY_CTX_free(context);
	return valid;
}

enum p256_result p256_verify(const struct p256_public *key, const struct p256_signature *signature,
			     struct bytes message)
{
	if (!scalar_in_range(signature->r) || !scalar_in_range(signature->s))
		return P256_RANGE;
	EVP_PKEY *imported = p256_import(key);
	if (!imported)
		return P256_BAD_KEY;
	const bool valid = verify_in_range(imported, signature, sha256(message));
	EVP_PKEY_free(imported);
	return valid ? P256_VALID : P256_INVALID;
}
