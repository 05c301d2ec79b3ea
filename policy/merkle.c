/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Roots of hash trees from audit paths (RFC 9162, 2.1.3.2, has the algorithm; the tree is that of RFC 6962). */
#include "policy/merkle.h"

/* What sets a leaf's hash apart from a node's. */
static const uint8_t LEAF = 0, NODE = 1;

static struct digest hash_leaf(struct bytes data)
{
	const struct bytes pieces[] = {{&LEAF, 1}, data};

	return sha256_pieces(pieces, 2);
}

static struct digest hash_node(struct digest left, struct digest right)
{
	const struct bytes pieces[] = {{&NODE, 1}, {left.bytes, SHA256_BYTES}, {right.bytes, SHA256_BYTES}};

	return sha256_pieces(pieces, 3);
}

/* A node's place in its row of the tree. */
struct place {
	uint32_t index, last; /* number, and that of the row's last node */
};

static struct place above(struct place place)
{
	return (struct place){place.index >> 1, place.last >> 1};
}

/* A row's last node without a neighbour on its left is the next row's last node, too. */
static bool is_left_over(struct place place)
{
	return place.index == place.last && place.index % 2 == 0;
}

bool merkle_root(const struct merkle_leaf *leaf, struct digest *root)
{
	struct place place = {leaf->index, leaf->count - 1};
	size_t used = 0;

	if (leaf->count > MERKLE_MAX_LEAVES || leaf->index >= leaf->count)
		return false;
	*root = hash_leaf(leaf->data);
	for (; place.last > 0; place = above(place)) {
		if (is_left_over(place))
			continue;
		const struct digest sibling = leaf->path[used++]; /* at most MERKLE_MAX_PATH times */
		*root = place.index % 2 == 1 ? hash_node(sibling, *root) : hash_node(*root, sibling);
	}
	return used == leaf->path_len;
}
