/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest policy: each member, and what is refused of it. */
#include "policy/guest_policy_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#define HEX8(digit) #digit #digit #digit #digit #digit #digit #digit #digit
#define HEX96(d)    HEX8(d) HEX8(d) HEX8(d) HEX8(d) HEX8(d) HEX8(d) HEX8(d) HEX8(d) HEX8(d) HEX8(d) HEX8(d) HEX8(d)

static json_t *good(void)
{
	json_t *root = json_pack("{s:i, s:s, s:[s,s], s:[s], s:[s], s:[s], s:s, s:[s], s:[s], s:[s], s:n}", "version",
				 1, "name", "web", "mrtd", HEX96(1), HEX96(2), "rtmr0", HEX96(3), "rtmr1", HEX96(4),
				 "rtmr2", HEX96(5), "rtmr3", "unchecked", "mrconfigid", HEX96(6), "mrowner", HEX96(7),
				 "mrownerconfig", HEX96(8), "cpuid_sha384");
	json_t *rest = json_pack("{s:[s,s], s:s, s:b, s:b, s:b, s:i, s:i, s:i}", "xfam", "0000000000000007",
				 "00000000000002e7", "attributes", "0000000010000000", "allow_debug", 0,
				 "allow_lazy_acceptance", 1, "allow_removed_pages", 0, "max_vcpus", 4, "first_vector",
				 32, "last_vector", 234);

	assert_non_null(root);
	assert_non_null(rest);
	json_object_update(root, rest);
	json_decref(rest);
	return root;
}

/* Takes the document over. */
static bool parses(json_t *root, struct guest_policy *policy, struct parse_error *error)
{
	char *text = json_dumps(root, JSON_COMPACT);

	json_decref(root);
	assert_non_null(text);
	const bool parsed = guest_policy_parse((struct bytes){(uint8_t *)text, strlen(text)}, policy, error);
	free(text);
	return parsed;
}

static void refused(json_t *root, const char *where)
{
	static struct guest_policy policy;
	struct parse_error error;

	if (parses(root, &policy, &error))
		fail_msg("%s passed", where);
	assert_string_equal(error.where, where);
	assert_int_not_equal(error.what[0], '\0');
	assert_int_equal(policy.hashes[GUEST_MRTD].count, 0);
}

static void wrong(const char *member, json_t *value, const char *where)
{
	json_t *root = good();

	json_object_set_new(root, member, value);
	refused(root, where);
}

static void every_member_is_read(void **state)
{
	static struct guest_policy p;
	struct parse_error error;

	(void)state;
	if (!parses(good(), &p, &error))
		fail_msg("%s %s", error.where, error.what);
	assert_string_equal(p.name, "web");
	assert_int_equal(p.hashes[GUEST_MRTD].count, 2);
	for (enum guest_hash_field field = GUEST_RTMR0; field < GUEST_HASH_COUNT; field++)
		assert_int_equal(p.hashes[field].count, field != GUEST_RTMR3 && field != GUEST_CPUID);
	assert_int_equal(p.hashes[GUEST_MRTD].values[0].bytes[0], 0x11);
	assert_int_equal(p.hashes[GUEST_MRTD].values[1].bytes[47], 0x22);
	assert_int_equal(p.hashes[GUEST_MROWNERCONFIG].values[0].bytes[47], 0x88);
	assert_int_equal(p.xfam.count, 2);
	assert_int_equal(p.xfam.values[1], 0x2e7);
	assert_int_equal(p.attributes, 0x10000000);
	assert_true(!p.allow_debug && p.allow_lazy_acceptance && !p.allow_removed_pages);
	assert_int_equal(p.max_vcpus, 4);
	assert_true(p.first_vector == 32 && p.last_vector == 234);
	assert_true(guest_policy_unchecked(&p, GUEST_RTMR3));
	assert_false(guest_policy_unchecked(&p, GUEST_CPUID));
	assert_false(guest_policy_unchecked(&p, GUEST_MRTD));
}

static void every_member_is_needed(void **state)
{
	json_t *root = good(), *value;
	const char *name;

	(void)state;
	json_object_foreach(root, name, value)
	{
		json_t *without = good();

		json_object_del(without, name);
		refused(without, name);
		without = good();
		json_object_set_new(without, name, json_real(0.5));
		refused(without, name);
		without = good();
		json_object_set_new(without, name, json_object());
		refused(without, name);
	}
	json_decref(root);
	wrong("more", json_true(), "more");
}

static void no_member_comes_twice(void **state)
{
	json_t *root = good(), *value;
	static struct guest_policy policy;
	struct parse_error error;
	const char *name;
	char doubled[8192];

	(void)state;
	char *text = json_dumps(root, JSON_COMPACT);
	json_object_foreach(root, name, value)
	{
		char *again = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
		const int len = snprintf(doubled, sizeof(doubled), "{\"%s\":%s,%s", name, again, text + 1);

		free(again);
		assert_in_range(len, 1, sizeof(doubled) - 1);
		assert_false(guest_policy_parse((struct bytes){(uint8_t *)doubled, (size_t)len}, &policy, &error));
		assert_non_null(strstr(error.what, "duplicate"));
	}
	free(text);
	json_decref(root);
}

/* An empty list says nothing: what is left open is said in so many words. */
static void nothing_is_open_by_accident(void **state)
{
	static struct guest_policy policy;
	struct parse_error error;

	(void)state;
	for (enum guest_hash_field field = 0; field < GUEST_HASH_COUNT; field++) {
		const char *name = guest_hash_name(field);

		wrong(name, json_array(), name);
		wrong(name, json_string("anything"), name);
		wrong(name, json_false(), name);
		if (field != GUEST_CPUID)
			wrong(name, json_null(), name);
		if (field == GUEST_MRTD || field == GUEST_CPUID)
			wrong(name, json_string("unchecked"), name);
	}
	wrong("xfam", json_array(), "xfam");
	wrong("xfam", json_string("unchecked"), "xfam");
	json_t *root = good();
	json_object_set_new(root, "xfam", json_null());
	assert_true(parses(root, &policy, &error));
	assert_int_equal(policy.xfam.count, 0);
}

static json_t *list_of(size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(HEX96(9)));
	return list;
}

static void values_are_exact(void **state)
{
	static struct guest_policy policy;
	struct parse_error error;

	(void)state;
	wrong("mrtd", json_pack("[s]", HEX96(1) "1"), "mrtd[0]");
	wrong("mrtd", json_pack("[s,s]", HEX96(1), "11"), "mrtd[1]");
	wrong("rtmr2", json_pack("[s]", "unchecked"), "rtmr2[0]");
	wrong("rtmr3", json_pack("[n]"), "rtmr3[0]");
	wrong("xfam", json_pack("[s]", "0x00000000000007"), "xfam[0]");
	wrong("xfam", json_pack("[i]", 7), "xfam[0]");
	wrong("attributes", json_string("000000001000000"), "attributes");
	wrong("attributes", json_string("000000001000000g"), "attributes");
	wrong("attributes", json_string("0000000010000001"), "attributes");
	wrong("rtmr0", list_of(GUEST_POLICY_MAX_VALUES + 1), "rtmr0");
	json_t *root = good();
	json_object_set_new(root, "rtmr0", list_of(GUEST_POLICY_MAX_VALUES));
	assert_true(parses(root, &policy, &error));
	assert_int_equal(policy.hashes[GUEST_RTMR0].count, GUEST_POLICY_MAX_VALUES);
}

static void numbers_have_bounds(void **state)
{
	(void)state;
	wrong("version", json_integer(2), "version");
	wrong("max_vcpus", json_integer(0), "max_vcpus");
	wrong("max_vcpus", json_integer(129), "max_vcpus");
	wrong("first_vector", json_integer(31), "first_vector");
	wrong("first_vector", json_integer(256), "first_vector");
	wrong("last_vector", json_integer(256), "last_vector");
	wrong("last_vector", json_integer(31), "last_vector");
	wrong("first_vector", json_integer(256 + 32), "first_vector");
	wrong("last_vector", json_integer(256 + 234), "last_vector");
	wrong("first_vector", json_integer(235), "last_vector");
	wrong("allow_debug", json_integer(0), "allow_debug");
	wrong("name", json_string(""), "name");
	wrong("name", json_string(HEX96(1)), "name");
}

static void a_long_file_is_refused(void **state)
{
	static uint8_t text[GUEST_POLICY_MAX_BYTES + 1];
	static struct guest_policy policy;
	struct parse_error error;
	json_t *root = good();
	char *document = json_dumps(root, JSON_COMPACT);

	(void)state;
	json_decref(root);
	memset(text, ' ', sizeof(text));
	memcpy(text, document, strlen(document));
	free(document);
	assert_true(guest_policy_parse((struct bytes){text, sizeof(text) - 1}, &policy, &error));
	assert_false(guest_policy_parse((struct bytes){text, sizeof(text)}, &policy, &error));
	assert_false(guest_policy_parse((struct bytes){text, 0}, &policy, &error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_member_is_read),   cmocka_unit_test(every_member_is_needed),
		cmocka_unit_test(no_member_comes_twice),  cmocka_unit_test(nothing_is_open_by_accident),
		cmocka_unit_test(values_are_exact),       cmocka_unit_test(numbers_have_bounds),
		cmocka_unit_test(a_long_file_is_refused),
	};

	return cmocka_run_group_tests_name("policy_guest_policy_file", tests, NULL, NULL);
}
