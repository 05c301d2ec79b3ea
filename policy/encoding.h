/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hexadecimal and base64, strict: one text for one value, nothing skipped. */
#ifndef POLICY_ENCODING_H
#define POLICY_ENCODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/reader.h"

/** Lower-case hex of 'data'; 'text' has room for 2 * len + 1 bytes. */
void hex_encode(const void *data, size_t len, char *text);

/** Exactly 2 * len hex digits; upper case is accepted. */
bool hex_decode(const char *text, void *data, size_t len);

/** Bytes that base64 text of 'chars' characters can give at most. */
static inline size_t base64_max_bytes(size_t chars)
{
	return chars / 4 * 3;
}

/** RFC 4648, section 4, with padding, no white space, unused bits zero. 'data' has room for base64_max_bytes. */
bool base64_decode(const char *text, size_t chars, uint8_t *data, size_t *len);

/** A copy of hostile bytes for people: printable ASCII as it is, everything else as '?'. Cut to 'size' - 1. */
void text_clean(struct bytes from, char *text, size_t size);

#endif
