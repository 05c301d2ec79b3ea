/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The user's guest policy. */
#ifndef TENANT_GUEST_POLICY_LOAD_H
#define TENANT_GUEST_POLICY_LOAD_H

#include "policy/guest_policy_file.h"

/**
 * Reads a guest policy. On failure says why on standard error.
 * @key_path: by whose key it must be signed (signature_check), or NULL
 */
bool guest_policy_load(const char *path, const char *key_path, struct guest_policy *policy);

#endif
