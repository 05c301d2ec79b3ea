/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A policy file, and its signature where one is asked for. */
#ifndef TENANT_SIGNED_POLICY_H
#define TENANT_SIGNED_POLICY_H

#include "policy/policy_file.h"

/**
 * Is PATH.sig the key's signature over a file's text? The key is P-256, public, in PEM; the signature ECDSA in DER over
 * SHA-256. If not, says why on standard error.
 */
bool signature_check(const char *path, const char *key_path, struct bytes text);

/**
 * Reads PATH; with a key, PATH.sig must be its signature (signature_check). The policy must be in force. On failure
 * says why on standard error. Free with policy_free.
 * @now: seconds since 1970
 */
bool signed_policy_load(const char *path, const char *key_path, int64_t now, struct policy *policy);

#endif
