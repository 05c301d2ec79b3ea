/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Audit paths: each leaf of trees of 1 to 9 and of 64 leaves, against RFC 6962's recursive definitions. */
#include "policy/merkle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guest_builder.h"

static uint8_t texts[MERKLE_MAX_LEAVES + 1];
static struct bytes leaves[MERKLE_MAX_LEAVES + 1];

static int make_leaves(void **state)
{
	(void)state;
	for (uint8_t i = 0; i <= MERKLE_MAX_LEAVES; i++) {
		texts[i] = i;
		leaves[i] = (struct bytes){&texts[i], 1};
	}
	return 0;
}

static struct merkle_leaf leaf_of(uint32_t index, uint32_t count)
{
	struct merkle_leaf leaf = {.data = leaves[index], .index = index, .count = count};

	leaf.path_len = build_path(leaves, count, index, leaf.path);
	return leaf;
}

static void each_place(void (*check)(uint32_t index, uint32_t count))
{
	for (uint32_t count = 1; count <= MERKLE_MAX_LEAVES; count = count == 9 ? MERKLE_MAX_LEAVES : count + 1)
		for (uint32_t index = 0; index < count; index++)
			check(index, count);
}

static void check_root(uint32_t index, uint32_t count)
{
	const struct merkle_leaf leaf = leaf_of(index, count);
	struct digest root;

	assert_true(merkle_root(&leaf, &root));
	if (!digest_equal(root, build_tree(leaves, count)))
		fail_msg("leaf %u of %u", index, count);
}

static void path_leads_to_the_root(void **state)
{
	(void)state;
	each_place(check_root);
}

/* The first tree of two, from the definitions written out. */
static void hashes_are_those_of_the_rfc(void **state)
{
	const struct digest a = sha256((struct bytes){(const uint8_t *)"\0\0", 2});
	const struct digest b = sha256((struct bytes){(const uint8_t *)"\0\1", 2});
	const struct bytes node[] = {{(const uint8_t *)"\1", 1}, {a.bytes, 32}, {b.bytes, 32}};
	const struct merkle_leaf alone = {.data = leaves[0], .count = 1};
	const struct merkle_leaf first = {.data = leaves[0], .count = 2, .path_len = 1, .path = {b}};
	const struct merkle_leaf second = {.data = leaves[1], .index = 1, .count = 2, .path_len = 1, .path = {a}};
	struct digest root;

	(void)state;
	assert_true(merkle_root(&alone, &root) && digest_equal(root, a));
	assert_true(merkle_root(&first, &root) && digest_equal(root, sha256_pieces(node, 3)));
	assert_true(merkle_root(&second, &root) && digest_equal(root, sha256_pieces(node, 3)));
}

static void check_other_leaf(uint32_t index, uint32_t count)
{
	struct merkle_leaf leaf = leaf_of(index, count);
	struct digest root;

	leaf.data = leaves[MERKLE_MAX_LEAVES];
	assert_true(merkle_root(&leaf, &root));
	assert_false(digest_equal(root, build_tree(leaves, count)));
}

static void another_leaf_has_another_root(void **state)
{
	(void)state;
	each_place(check_other_leaf);
}

static void check_wrong_path(uint32_t index, uint32_t count)
{
	struct merkle_leaf leaf = leaf_of(index, count);
	struct digest root;

	for (size_t i = 0; i < leaf.path_len; i++) {
		leaf.path[i].bytes[i] ^= 0x80;
		assert_true(merkle_root(&leaf, &root));
		assert_false(digest_equal(root, build_tree(leaves, count)));
		leaf.path[i].bytes[i] ^= 0x80;
	}
}

static void a_wrong_path_has_another_root(void **state)
{
	(void)state;
	each_place(check_wrong_path);
}

/* No leaf is taken for one at another place of its tree. */
static void check_other_index(uint32_t index, uint32_t count)
{
	struct digest root;

	for (uint32_t other = 0; other < count; other++) {
		struct merkle_leaf leaf = leaf_of(index, count);

		leaf.index = other;
		if (merkle_root(&leaf, &root) && digest_equal(root, build_tree(leaves, count)) != (other == index))
			fail_msg("leaf %u of %u as %u", index, count, other);
	}
}

static void another_index_has_another_root(void **state)
{
	(void)state;
	each_place(check_other_index);
}

static void check_length(uint32_t index, uint32_t count)
{
	struct merkle_leaf leaf = leaf_of(index, count);
	const size_t right = leaf.path_len;
	struct digest root;

	for (leaf.path_len = 0; leaf.path_len <= MERKLE_MAX_PATH + 1; leaf.path_len++)
		if (merkle_root(&leaf, &root) != (leaf.path_len == right))
			fail_msg("leaf %u of %u, path of %zu", index, count, leaf.path_len);
}

static void a_path_has_one_length(void **state)
{
	(void)state;
	each_place(check_length);
}

static void places_outside_are_refused(void **state)
{
	static const uint32_t wrong[][2] = {{0, 0},   {1, 0},          {1, 1},          {9, 9},
					    {64, 64}, {0, 65},         {64, 65},        {0, UINT32_MAX},
					    {63, 1},  {UINT32_MAX, 0}, {UINT32_MAX, 64}};
	struct merkle_leaf leaf = {.data = leaves[0]};
	struct digest root;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		leaf.index = wrong[i][0];
		leaf.count = wrong[i][1];
		for (leaf.path_len = 0; leaf.path_len <= MERKLE_MAX_PATH; leaf.path_len++)
			assert_false(merkle_root(&leaf, &root));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(path_leads_to_the_root),         cmocka_unit_test(hashes_are_those_of_the_rfc),
		cmocka_unit_test(another_leaf_has_another_root),  cmocka_unit_test(a_wrong_path_has_another_root),
		cmocka_unit_test(another_index_has_another_root), cmocka_unit_test(a_path_has_one_length),
		cmocka_unit_test(places_outside_are_refused),
	};

	return cmocka_run_group_tests_name("policy_merkle", tests, make_leaves, NULL);
}
