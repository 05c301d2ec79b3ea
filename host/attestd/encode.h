/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How bytes travel in the protocol: base64 in JSON, hexadecimal for the digests of logs. */
#ifndef ATTESTD_ENCODE_H
#define ATTESTD_ENCODE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32u
#define SHA256_HEX   (2 * SHA256_BYTES)
#define BASE64_32    44u /* characters of 32 bytes */

/** SHA-256 of 'bytes' bytes; 'data' may be NULL if there are none. */
void sha256(const void *data, size_t bytes, uint8_t digest[SHA256_BYTES]);

/** Writes 32 bytes in base64, with a terminator. */
void base64_32(const uint8_t bytes[32], char out[BASE64_32 + 1]);

/** A JSON string of base64, or NULL without memory. */
json_t *json_base64(const void *data, size_t bytes);

/**
 * Decodes canonical base64 with padding: one text for each value, no white space, no stray bits.
 * @capacity: size of 'out' in bytes
 * Returns the number of bytes, which is larger than 'capacity' if they did not fit, or -1 if 'text' is not base64.
 */
int64_t base64_decode(const char *text, size_t length, uint8_t *out, size_t capacity);

/** Writes a digest in lower-case hexadecimal, with a terminator. */
void hex_encode(const uint8_t digest[SHA256_BYTES], char out[SHA256_HEX + 1]);

/** Reads a digest in lower-case hexadecimal; false if 'text' is anything else. */
bool hex_decode(const char *text, uint8_t digest[SHA256_BYTES]);

#endif
