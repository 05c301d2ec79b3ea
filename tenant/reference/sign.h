/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signs a policy. */
#ifndef POLICY_REFERENCE_SIGN_H
#define POLICY_REFERENCE_SIGN_H

#include "policy/reader.h"

#define SIGN_MAX_BYTES 80u

/**
 * ECDSA P-256 over SHA-256(data), deterministic (RFC 6979), in DER: the same key and data give the same bytes.
 * @key_path: a private key in PEM
 * NULL if it worked, else what is wrong.
 */
const char *sign_deterministic(const char *key_path, struct bytes data, uint8_t signature[SIGN_MAX_BYTES], size_t *len);

#endif
