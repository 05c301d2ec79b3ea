/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SHA-384 of what comes in parts: the hash of TDX's measurements. */
#ifndef POLICY_SHA384_H
#define POLICY_SHA384_H

#include "policy/reader.h"

#define SHA384_BYTES 48u

struct sha384;

struct sha384 *sha384_new(void);
void sha384_add(struct sha384 *hash, struct bytes data);

/** The digest of all that was added; the hash is gone. */
void sha384_end(struct sha384 *hash, uint8_t digest[SHA384_BYTES]);

/** The digest of bytes that are all there. */
void sha384_of(struct bytes data, uint8_t digest[SHA384_BYTES]);

#endif
