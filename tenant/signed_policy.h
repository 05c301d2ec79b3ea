/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A policy file, and its signature where one is asked for. */
#ifndef TENANT_SIGNED_POLICY_H
#define TENANT_SIGNED_POLICY_H

#include "policy/policy_file.h"

/**
 * Reads PATH; with a key (PEM, public, P-256), PATH.sig must be its ECDSA signature (DER) over the file's SHA-256.
 * The policy must be in force. On failure says why on standard error. Free with policy_free.
 * @now: seconds since 1970
 */
bool signed_policy_load(const char *path, const char *key_path, int64_t now, struct policy *policy);

#endif
