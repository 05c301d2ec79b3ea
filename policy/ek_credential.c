/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TPM2_MakeCredential in software (TPM 2.0 Library, part 1, 24). */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "policy/ek.h"
#include "policy/ek_internal.h"

#define AES_KEY_BYTES 16u
#define LABEL         "IDENTITY" /* with its terminator (part 1, B.4 and C.6.4) */

static const struct bytes NOTHING = {NULL, 0};

static struct bytes big_endian(uint32_t value, uint8_t out[4])
{
	for (size_t i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (24 - 8 * i));
	return (struct bytes){out, 4};
}

/* HMAC-SHA-256 over the concatenation of pieces, at most 128 bytes in all. */
static bool hmac(const uint8_t key[SHA256_BYTES], const struct bytes *pieces, size_t count, uint8_t out[SHA256_BYTES])
{
	uint8_t text[128];
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		if (pieces[i].len > sizeof(text) - len)
			return false;
		if (pieces[i].len > 0)
			memcpy(text + len, pieces[i].data, pieces[i].len);
		len += pieces[i].len;
	}
	return HMAC(EVP_sha256(), key, SHA256_BYTES, text, len, out, NULL) != NULL;
}

/* KDFa (part 1, 11.4.10.2) for at most 256 bits: one round, of which the first bits are the key. */
static bool kdfa(const uint8_t seed[SHA256_BYTES], const char *label, struct bytes context, uint32_t bits,
		 uint8_t key[SHA256_BYTES])
{
	uint8_t counter[4], length[4];
	const struct bytes pieces[] = {
		big_endian(1, counter), {(const uint8_t *)label, strlen(label) + 1}, context, big_endian(bits, length)};

	return hmac(seed, pieces, sizeof(pieces) / sizeof(pieces[0]), key);
}

static bool set_oaep(EVP_PKEY_CTX *context)
{
	static char label[] = LABEL;
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, label, sizeof(label)),
		OSSL_PARAM_construct_end(),
	};

	return EVP_PKEY_encrypt_init(context) == 1 &&
	       EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha256()) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1 &&
	       EVP_PKEY_CTX_set_params(context, parameters) == 1;
}

/* RSA: the seed is random, and travels under OAEP (part 1, B.10.4). */
static bool seal_rsa(EVP_PKEY *key, uint8_t seed[SHA256_BYTES], struct ek_credential *made)
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);

	made->secret_len = sizeof(made->secret);
	const bool ok = context && RAND_priv_bytes(seed, SHA256_BYTES) == 1 && set_oaep(context) &&
			EVP_PKEY_encrypt(context, made->secret, &made->secret_len, seed, SHA256_BYTES) == 1;
	EVP_PKEY_CTX_free(context);
	return ok;
}

static bool shared_secret(EVP_PKEY *ours, EVP_PKEY *theirs, uint8_t z[32])
{
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, ours, NULL);
	size_t len = 32;
	const bool ok = context && EVP_PKEY_derive_init(context) == 1 &&
			EVP_PKEY_derive_set_peer(context, theirs) == 1 && EVP_PKEY_derive(context, z, &len) == 1 &&
			len == 32;

	EVP_PKEY_CTX_free(context);
	return ok;
}

/* KDFe (part 1, 11.4.10.3) for 256 bits. */
static struct digest kdfe(const uint8_t z[32], const uint8_t ours_x[32], const uint8_t theirs_x[32])
{
	uint8_t counter[4];
	const struct bytes pieces[] = {
		big_endian(1, counter), {z, 32}, {(const uint8_t *)LABEL, sizeof(LABEL)}, {ours_x, 32}, {theirs_x, 32}};

	return sha256_pieces(pieces, sizeof(pieces) / sizeof(pieces[0]));
}

/* TPMS_ECC_POINT: two TPM2Bs. */
static void put_point(const uint8_t point[65], struct ek_credential *made)
{
	static const uint8_t size[2] = {0, 32};

	memcpy(made->secret, size, 2);
	memcpy(made->secret + 2, point + 1, 32);
	memcpy(made->secret + 34, size, 2);
	memcpy(made->secret + 36, point + 33, 32);
	made->secret_len = 68;
}

/* ECC: the seed follows from a key of our own for this once, whose public half travels (part 1, C.6.4). */
static bool seal_ecc(EVP_PKEY *key, const struct ek_public *ek, uint8_t seed[SHA256_BYTES], struct ek_credential *made)
{
	EVP_PKEY *ours = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	uint8_t z[32], point[65];
	size_t len = 0;
	const bool ok =
		ours && shared_secret(ours, key, z) &&
		EVP_PKEY_get_octet_string_param(ours, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len) == 1 &&
		len == sizeof(point);

	if (ok) {
		const struct digest derived = kdfe(z, point + 1, ek->point.x);

		memcpy(seed, derived.bytes, SHA256_BYTES);
		put_point(point, made);
	}
	OPENSSL_cleanse(z, sizeof(z));
	EVP_PKEY_free(ours);
	return ok;
}

/* AES-128-CFB with an IV of zeros. */
static bool encrypt(const uint8_t key[AES_KEY_BYTES], const uint8_t *plain, size_t len, uint8_t *out)
{
	static const uint8_t iv[16];
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	int written = 0;
	const bool ok = context && EVP_EncryptInit_ex2(context, EVP_aes_128_cfb128(), key, iv, NULL) == 1 &&
			EVP_EncryptUpdate(context, out, &written, plain, (int)len) == 1 && (size_t)written == len;

	EVP_CIPHER_CTX_free(context);
	return ok;
}

/* The identity object: an outer HMAC, then the encrypted TPM2B_DIGEST (part 1, 24.4 and 24.5). */
static bool wrap(const uint8_t seed[SHA256_BYTES], const struct tpm_name *name, const uint8_t credential[SHA256_BYTES],
		 struct ek_credential *made)
{
	uint8_t plain[2 + SHA256_BYTES] = {0, SHA256_BYTES}, key[SHA256_BYTES], hmac_key[SHA256_BYTES];
	uint8_t *const sealed = made->blob + 2 + SHA256_BYTES;
	const struct bytes named = {name->bytes, TPM_NAME_BYTES};
	const struct bytes pieces[] = {{sealed, sizeof(plain)}, named};

	memcpy(plain + 2, credential, SHA256_BYTES);
	made->blob[0] = 0;
	made->blob[1] = SHA256_BYTES;
	made->blob_len = sizeof(made->blob);
	const bool ok = kdfa(seed, "STORAGE", named, 8 * AES_KEY_BYTES, key) &&
			encrypt(key, plain, sizeof(plain), sealed) &&
			kdfa(seed, "INTEGRITY", NOTHING, 8 * SHA256_BYTES, hmac_key) &&
			hmac(hmac_key, pieces, 2, made->blob + 2);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(plain, sizeof(plain));
	return ok;
}

bool ek_make_credential(const struct ek_public *ek, const struct tpm_name *name, const uint8_t credential[SHA256_BYTES],
			struct ek_credential *made)
{
	uint8_t seed[SHA256_BYTES];
	EVP_PKEY *key = ek_key(ek);
	const bool ok = key && (ek->rsa ? seal_rsa(key, seed, made) : seal_ecc(key, ek, seed, made)) &&
			wrap(seed, name, credential, made);

	OPENSSL_cleanse(seed, sizeof(seed));
	EVP_PKEY_free(key);
	return ok;
}
