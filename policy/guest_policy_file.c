/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest policy (docs/protocol.md). Nothing in it has a default: a missing member is an error. */
#include "policy/guest_policy_file.h"

#include <stdio.h>
#include <stdlib.h>

#include <cloister/domain.h>

#include "policy/encoding.h"
#include "policy/members.h"

#define VECTOR_FIRST_DEVICE 32u /* below are exceptions */
#define VECTOR_MAX          255u

/* What may take the place of a list of values. */
enum open { OPEN_NEVER, OPEN_UNCHECKED, OPEN_NULL };

#define GUEST_HASH_ROW(enumerator, member, how) [enumerator] = {member, how},
static const struct {
	const char *name;
	enum open open;
} HASHES[] = {GUEST_HASHES(GUEST_HASH_ROW)};
#undef GUEST_HASH_ROW

#define GUEST_HASH_NAME(enumerator, member, how) member,
static const char *const POLICY[] = {GUEST_HASHES(GUEST_HASH_NAME) "version",
				     "name",
				     "xfam",
				     "attributes",
				     "allow_debug",
				     "allow_lazy_acceptance",
				     "allow_removed_pages",
				     "max_vcpus",
				     "first_vector",
				     "last_vector",
				     NULL};
#undef GUEST_HASH_NAME
static const char *const NONE[] = {NULL};

const char *guest_hash_name(enum guest_hash_field field)
{
	return HASHES[field].name;
}

bool guest_policy_unchecked(const struct guest_policy *policy, enum guest_hash_field field)
{
	return policy->hashes[field].count == 0 && HASHES[field].open == OPEN_UNCHECKED;
}

static bool is_open(const json_t *value, enum open open)
{
	if (open == OPEN_NULL)
		return json_is_null(value);
	return open == OPEN_UNCHECKED && json_is_string(value) && strcmp(json_string_value(value), "unchecked") == 0;
}

/* The list of values that pass, or NULL if the field is left open, or after an error. */
static const json_t *read_list(struct members *m, const json_t *root, const char *name, enum open open)
{
	static const char *const wrong[] = {
		[OPEN_NEVER] = "must be a list of 1 to 64 values",
		[OPEN_UNCHECKED] = "must be a list of 1 to 64 values, or \"unchecked\"",
		[OPEN_NULL] = "must be a list of 1 to 64 values, or null",
	};
	const json_t *list = json_object_get(root, name);

	if (m->failed || is_open(list, open))
		return NULL;
	if (json_is_array(list) && json_array_size(list) >= 1 && json_array_size(list) <= GUEST_POLICY_MAX_VALUES)
		return list;
	members_fail(m, name, wrong[open]);
	return NULL;
}

/* A value of a list, as hexadecimal digits. */
static bool read_hex(struct members *m, const json_t *list, size_t i, const char *name, void *bytes, size_t len)
{
	const char *text = json_string_value(json_array_get(list, i));
	char where[48], what[48];

	if (text && hex_decode(text, bytes, len))
		return true;
	snprintf(where, sizeof(where), "%s[%zu]", name, i);
	snprintf(what, sizeof(what), "must be %zu hexadecimal digits", 2 * len);
	members_fail(m, where, what);
	return false;
}

static void read_hashes(struct members *m, const json_t *root, enum guest_hash_field field, struct guest_hashes *hashes)
{
	const json_t *list = read_list(m, root, HASHES[field].name, HASHES[field].open);

	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!read_hex(m, list, i, HASHES[field].name, hashes->values[i].bytes, REPORT_HASH_BYTES))
			return;
		hashes->count = i + 1;
	}
}

/* Written as people write masks: the first digits are the highest bits. */
static uint64_t number_of(const uint8_t bytes[8])
{
	struct reader r = reader_of((struct bytes){bytes, 8});

	return read_be64(&r);
}

static void read_xfam(struct members *m, const json_t *root, struct guest_numbers *xfam)
{
	const json_t *list = read_list(m, root, "xfam", OPEN_NULL);
	uint8_t bytes[8];

	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!read_hex(m, list, i, "xfam", bytes, sizeof(bytes)))
			return;
		xfam->values[i] = number_of(bytes);
		xfam->count = i + 1;
	}
}

static uint64_t read_attributes(struct members *m, const json_t *root)
{
	uint8_t bytes[8] = {0};
	char text[2 * sizeof(bytes) + 1];

	member_string(m, (struct member){root, "", "attributes"}, text, sizeof(text));
	if (!m->failed && !hex_decode(text, bytes, sizeof(bytes)))
		members_fail(m, "attributes", "must be 16 hexadecimal digits");
	if (!m->failed && (number_of(bytes) & GUEST_DEBUG))
		members_fail(m, "attributes", "must not have bit 0, of which allow_debug speaks");
	return number_of(bytes);
}

static void read_vectors(struct members *m, const json_t *root, struct guest_policy *policy)
{
	policy->first_vector = (uint8_t)member_number(m, (struct member){root, "", "first_vector"}, VECTOR_MAX);
	policy->last_vector = (uint8_t)member_number(m, (struct member){root, "", "last_vector"}, VECTOR_MAX);
	if (policy->first_vector < VECTOR_FIRST_DEVICE)
		members_fail(m, "first_vector", "must be at least 32: those below are exceptions");
	if (policy->last_vector < policy->first_vector)
		members_fail(m, "last_vector", "is less than first_vector");
}

static void read_policy(struct members *m, const json_t *root, struct guest_policy *policy)
{
	members_exactly(m, root, "", POLICY, NONE);
	if (member_number(m, (struct member){root, "", "version"}, UINT32_MAX) != GUEST_POLICY_VERSION)
		members_fail(m, "version", "must be 1: the policy is of another version of this tool");
	member_string(m, (struct member){root, "", "name"}, policy->name, sizeof(policy->name));
	for (enum guest_hash_field field = 0; field < GUEST_HASH_COUNT; field++)
		read_hashes(m, root, field, &policy->hashes[field]);
	read_xfam(m, root, &policy->xfam);
	policy->attributes = read_attributes(m, root);
	policy->allow_debug = member_bool(m, (struct member){root, "", "allow_debug"});
	policy->allow_lazy_acceptance = member_bool(m, (struct member){root, "", "allow_lazy_acceptance"});
	policy->allow_removed_pages = member_bool(m, (struct member){root, "", "allow_removed_pages"});
	policy->max_vcpus = (uint32_t)member_number(m, (struct member){root, "", "max_vcpus"}, DOMAIN_MAX_VCPUS);
	if (policy->max_vcpus == 0)
		members_fail(m, "max_vcpus", "must be at least 1");
	read_vectors(m, root, policy);
}

bool guest_policy_parse(struct bytes text, struct guest_policy *policy, struct parse_error *error)
{
	struct members m;

	*policy = (struct guest_policy){.max_vcpus = 0};
	*error = (struct parse_error){.where = "", .what = "longer than 256 KiB"};
	if (text.len > GUEST_POLICY_MAX_BYTES)
		return false;
	json_t *root = members_open(&m, text, error);
	if (root)
		read_policy(&m, root, policy);
	json_decref(root);
	free(m.storage);
	if (m.failed)
		*policy = (struct guest_policy){.max_vcpus = 0};
	return !m.failed;
}
