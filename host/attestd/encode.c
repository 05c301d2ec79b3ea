/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How bytes travel in the protocol: base64 in JSON, hexadecimal for the digests of logs. */
#include "encode.h"

#include <mbedtls/base64.h>
#include <mbedtls/sha256.h>
#include <stdlib.h>
#include <string.h>

static const char HEX[] = "0123456789abcdef";

void sha256(const void *data, size_t bytes, uint8_t digest[SHA256_BYTES])
{
	static const uint8_t nothing;

	/* Fails for a hash other than SHA-256 and SHA-224 only. */
	if (mbedtls_sha256(data ? data : &nothing, bytes, digest, 0) != 0)
		abort();
}

json_t *json_base64(const void *data, size_t bytes)
{
	const size_t capacity = (bytes + 2) / 3 * 4 + 1;
	unsigned char *text = malloc(capacity);
	json_t *string = NULL;
	size_t length;

	if (text && mbedtls_base64_encode(text, capacity, &length, data, bytes) == 0)
		string = json_stringn_nocheck((const char *)text, length);
	free(text);
	return string;
}

/* mbedTLS takes line breaks, and stray bits before the padding: only what encodes back to the same text is canonical.
 */
static bool canonical(const char *text, size_t length, const uint8_t *data, size_t bytes)
{
	unsigned char *again = malloc(length + 1);
	size_t written = 0;
	const bool same = again && mbedtls_base64_encode(again, length + 1, &written, data, bytes) == 0 &&
			  written == length && memcmp(again, text, length) == 0;

	free(again);
	return same;
}

int64_t base64_decode(const char *text, size_t length, uint8_t *out, size_t capacity)
{
	const size_t most = length / 4 * 3 + 1;
	uint8_t *data = malloc(most);
	size_t bytes = 0;
	int64_t result = -1;

	if (data && length % 4 == 0 &&
	    mbedtls_base64_decode(data, most, &bytes, (const unsigned char *)text, length) == 0 &&
	    canonical(text, length, data, bytes)) {
		memcpy(out, data, bytes < capacity ? bytes : capacity);
		result = (int64_t)bytes;
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
