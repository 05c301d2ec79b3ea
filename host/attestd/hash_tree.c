/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hash tree as RFC 6962 has it (2.1). */
#include "hash_tree.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#define LEAF 0x00 /* so that no leaf can be taken for a node */
#define NODE 0x01

static void hash_two(uint8_t kind, const void *first, size_t first_bytes, const void *second, size_t second_bytes,
		     uint8_t out[SHA256_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	/* Fails without memory or without libcrypto's default provider. */
	if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(context, &kind, sizeof(kind)) != 1 || EVP_DigestUpdate(context, first, first_bytes) != 1 ||
	    EVP_DigestUpdate(context, second, second_bytes) != 1 || EVP_DigestFinal_ex(context, out, NULL) != 1)
		abort();
	EVP_MD_CTX_free(context);
}

void tree_leaf(const void *data, size_t bytes, uint8_t hash[SHA256_BYTES])
{
	hash_two(LEAF, data, bytes, "", 0, hash);
}

/* How many leaves the left half has: the largest power of two below 'count'. */
static size_t left_half(size_t count)
{
	size_t left = 1;

	while (2 * left < count)
		left *= 2;
	return left;
}

void tree_root(const uint8_t leaves[][SHA256_BYTES], size_t count, uint8_t root[SHA256_BYTES])
{
	uint8_t left[SHA256_BYTES], right[SHA256_BYTES];
	const size_t half = left_half(count);

	if (count == 1) {
		memcpy(root, leaves[0], SHA256_BYTES);
		return;
	}
	tree_root(leaves, half, left);
	tree_root(leaves + half, count - half, right);
	hash_two(NODE, left, sizeof(left), right, sizeof(right), root);
}

/* Returns the path's length. */
static size_t path_of(const uint8_t leaves[][SHA256_BYTES], size_t count, size_t index, uint8_t path[][SHA256_BYTES])
{
	const size_t half = left_half(count);
	size_t length;

	if (count == 1)
		return 0;
	if (index < half) {
		length = path_of(leaves, half, index, path);
		tree_root(leaves + half, count - half, path[length]);
	} else {
		length = path_of(leaves + half, count - half, index - half, path);
		tree_root(leaves, half, path[length]);
	}
	return length + 1;
}

struct tree_place tree_place(const uint8_t leaves[][SHA256_BYTES], size_t count, size_t index)
{
	struct tree_place place = {.index = index, .count = count};

	place.path_length = path_of(leaves, count, index, place.path);
	return place;
}
