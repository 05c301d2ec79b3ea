/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hash trees of RFC 6962, section 2.1, with SHA-256: one TPM quote is for many reports. */
#ifndef POLICY_MERKLE_H
#define POLICY_MERKLE_H

#include "policy/crypto.h"

#define MERKLE_MAX_LEAVES 64u
#define MERKLE_MAX_PATH   6u /* of a leaf among that many */

/** A leaf and its place: the audit path leads from it upwards (RFC 6962, 2.1.1). */
struct merkle_leaf {
	struct bytes data;
	uint32_t index, count; /* number 'index', from 0, of 'count' leaves */
	size_t path_len;
	struct digest path[MERKLE_MAX_PATH];
};

/**
 * The root of the tree that has the leaf at its place. False if there are no or too many leaves, the leaf is none of
 * them, or the path has not the length of its place.
 */
bool merkle_root(const struct merkle_leaf *leaf, struct digest *root);

#endif
