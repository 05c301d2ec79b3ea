/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A hash tree as RFC 6962 has it (2.1, SHA-256): one quote of the TPM speaks for all reports in it, and each guest gets
 * the path from its own to the root.
 */
#ifndef ATTESTD_HASH_TREE_H
#define ATTESTD_HASH_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "encode.h"

#define TREE_LEAVES_MAX 64u
#define TREE_PATH_MAX   6u

/** The hash of a leaf: 'bytes' bytes of data. */
void tree_leaf(const void *data, size_t bytes, uint8_t hash[SHA256_BYTES]);

/** The root over 'count' leaves, 1 to TREE_LEAVES_MAX. */
void tree_root(const uint8_t leaves[][SHA256_BYTES], size_t count, uint8_t root[SHA256_BYTES]);

/* Where a leaf is: its number of 'count', and the path to the root, from the leaf upwards. */
struct tree_place {
	size_t index, count, path_length;
	uint8_t path[TREE_PATH_MAX][SHA256_BYTES];
};

/** The place of leaf 'index'. */
struct tree_place tree_place(const uint8_t leaves[][SHA256_BYTES], size_t count, size_t index);

#endif
