/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How bytes travel in the protocol: base64 in JSON, hexadecimal for the digests of logs. */
#include "encode.h"

#include <limits.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const char HEX[] = "0123456789abcdef";

void sha256(const void *data, size_t bytes, uint8_t digest[SHA256_BYTES])
{
	static const uint8_t nothing;

	/* Fails without memory or without libcrypto's default provider. */
	if (EVP_Digest(data ? data : &nothing, bytes, digest, NULL, EVP_sha256(), NULL) != 1)
		abort();
}

void base64_32(const uint8_t bytes[32], char out[BASE64_32 + 1])
{
	EVP_EncodeBlock((unsigned char *)out, bytes, 32);
}

json_t *json_base64(const void *data, size_t bytes)
{
	const size_t capacity = (bytes + 2) / 3 * 4 + 1;
	unsigned char *text = capacity <= INT_MAX ? malloc(capacity) : NULL;
	json_t *string = NULL;

	if (text) {
		const int length = EVP_EncodeBlock(text, data, (int)bytes);

		string = json_stringn_nocheck((const char *)text, (size_t)length);
	}
	free(text);
	return string;
}

/* libcrypto takes white space, and stray bits before the padding: only what encodes to the same text is canonical. */
static bool canonical(const char *text, size_t length, const uint8_t *data, size_t bytes)
{
	unsigned char *again = malloc(length + 4 + 1);
	const bool same =
		again && (size_t)EVP_EncodeBlock(again, data, (int)bytes) == length && memcmp(again, text, length) == 0;

	free(again);
	return same;
}

/* EVP_DecodeBlock counts a byte of zeros for each '=' at the end. */
static size_t padding(const char *text, size_t length)
{
	return length < 2 ? 0 : (size_t)(text[length - 1] == '=') + (size_t)(text[length - 2] == '=');
}

int64_t base64_decode(const char *text, size_t length, uint8_t *out, size_t capacity)
{
	uint8_t *data = length % 4 == 0 && length <= INT_MAX ? malloc(length / 4 * 3 + 1) : NULL;
	const int decoded = data ? EVP_DecodeBlock(data, (const unsigned char *)text, (int)length) : -1;
	int64_t result = -1;

	if (decoded >= 0 && (size_t)decoded >= padding(text, length)) {
		const size_t bytes = (size_t)decoded - padding(text, length);

		if (canonical(text, length, data, bytes)) {
			memcpy(out, data, bytes < capacity ? bytes : capacity);
			result = (int64_t)bytes;
		}
	}
	free(data);
	return result;
}

void hex_encode(const uint8_t digest[SHA256_BYTES], char out[SHA256_HEX + 1])
{
	for (size_t i = 0; i < SHA256_BYTES; i++) {
		out[2 * i] = HEX[digest[i] >> 4];
		out[2 * i + 1] = HEX[digest[i] & 0xf];
	}
	out[SHA256_HEX] = '\0';
}

bool hex_decode(const char *text, uint8_t digest[SHA256_BYTES])
{
	if (strlen(text) != SHA256_HEX || strspn(text, HEX) != SHA256_HEX)
		return false;
	for (size_t i = 0; i < SHA256_BYTES; i++) {
		const long high = strchr(HEX, text[2 * i]) - HEX;
		const long low = strchr(HEX, text[2 * i + 1]) - HEX;

		digest[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}
