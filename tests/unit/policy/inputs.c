/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: policy/date.c policy/encoding.c policy/evidence.c policy/line_difference.c policy/members.c policy/policy_file.c */
/* Encodings, the answer's and the policy's members, and where two configs differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "builder.h"
#include "policy/date.h"
#include "policy/encoding.h"
#include "policy/steps.h"

static struct bytes text_bytes(const char *text)
{
	return (struct bytes){(const uint8_t *)text, strlen(text)};
}

static void reader_fails_past_the_end(void **state)
{
	static const uint8_t data[] = {1, 2, 3};
	struct reader r = reader_of((struct bytes){data, sizeof(data)});

	(void)state;
	assert_int_equal(read_be16(&r), 0x0102);
	assert_int_equal(read_be16(&r), 0);
	assert_true(r.failed);
	assert_int_equal(read_u8(&r), 0); /* the last byte is not given out after a failure */
	assert_false(read_done(&r));
	r = reader_of((struct bytes){data, sizeof(data)});
	assert_null(read_bytes(&r, SIZE_MAX).data);
	r = reader_of((struct bytes){data, sizeof(data)});
	assert_int_equal(read_le16(&r), 0x0201);
	assert_false(read_done(&r));
	assert_int_equal(read_u8(&r), 3);
	assert_true(read_done(&r));
}

static void test_base64(void **state)
{
	static const char *const bad[] = {"A",    "AA",   "AAA",   "AA=",    "A===", "=AAA",    "AA=A",
					  "AB==", "AAB=", "AA\n=", "AA AA=", "AA-_", "AA==AAAA"};
	uint8_t data[16];
	size_t len;

	(void)state;
	assert_true(base64_decode("", 0, data, &len));
	assert_int_equal(len, 0);
	assert_true(base64_decode("Zm9vYmE=", 8, data, &len));
	assert_int_equal(len, 5);
	assert_memory_equal(data, "fooba", 5);
	assert_true(base64_decode("+/+/", 4, data, &len));
	assert_memory_equal(data, "\xfb\xff\xbf", 3);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (base64_decode(bad[i], strlen(bad[i]), data, &len))
			fail_msg("'%s' was decoded", bad[i]);
}

static void hex_has_exact_length(void **state)
{
	uint8_t data[2];

	(void)state;
	assert_true(hex_decode("0aFf", data, 2));
	assert_memory_equal(data, "\x0a\xff", 2);
	assert_false(hex_decode("0aF", data, 2));
	assert_false(hex_decode("0aFf0", data, 2));
	assert_false(hex_decode("0g00", data, 2));
	assert_false(hex_decode("", data, 2));
}

static void control_characters_are_cleaned(void **state)
{
	char text[8];

	(void)state;
	text_clean(text_bytes("a\033[31mbcdefgh"), text, sizeof(text));
	assert_string_equal(text, "a?[31mb");
}

static void test_line_difference(void **state)
{
	struct line_difference d = first_difference(text_bytes("a\nb\n"), text_bytes("a\nc\n"));

	(void)state;
	assert_int_equal(d.line, 2);
	assert_string_equal(d.expected, "b");
	assert_string_equal(d.found, "c");
	d = first_difference(text_bytes("a\n"), text_bytes("a\nb"));
	assert_int_equal(d.line, 2);
	assert_string_equal(d.expected, "(the file ends)");
	d = first_difference(text_bytes(""), text_bytes(""));
	assert_int_equal(d.line, 1);
	d = first_difference(text_bytes("a\r\n"), text_bytes("a\n"));
	assert_string_equal(d.expected, "a?");
}

static void versions_have_three_parts_of_a_byte(void **state)
{
	static const char *const bad[] = {"", "1", "1.2", "1.2.", "1.2.3.4", "1.2.256", "-1.2.3", "1.2.3 ", "0001.2.3"};
	uint32_t version;

	(void)state;
	assert_true(version_parse("1.2.255", &version));
	assert_int_equal(version, 0x0102ff);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (version_parse(bad[i], &version))
			fail_msg("'%s' was taken", bad[i]);
}

static const char POLICY[] =
	"{\"version\": 2, \"serial\": 1, \"not_before\": \"2026-01-01T00:00:00Z\", \"not_after\": null,"
	"\"loader\": [{\"name\": \"l\", \"authenticode_sha256\": \"%064d\"}],"
	"\"before_loader\": [{\"name\": \"s\", \"authenticode_sha256\": \"%064d\", \"role\": \"shim\"}],"
	"\"hypervisor\": [{\"name\": \"h\", \"sha256\": \"%064d\", \"version\": \"0.1.0\", \"svn\": 1, \"debug\": false}],"
	"\"config\": [{\"name\": \"c\", \"sha256\": "
	"\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\", \"text\": \"abc\"}],"
	"\"firmware\": \"unchecked\", \"identity\": {\"ak_names\": []},"
	"\"minimum_svn\": 1, \"allow_debug\": false, \"allow_weak_binding\": false, \"allow_no_tpm\": false,"
	"\"allow_smt_exposed\": false, \"require_dma_remapping\": false, \"require_floor_closed\": false}";

static json_t *good_policy(void)
{
	char text[2048];

	snprintf(text, sizeof(text), POLICY, 0, 0, 0);
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	return root;
}

/* Takes the document over. */
static bool parses(json_t *root, struct parse_error *error)
{
	static struct policy policy;
	char *text = json_dumps(root, 0);

	json_decref(root);
	assert_non_null(text);
	const bool ok = policy_parse(text_bytes(text), &policy, error);
	free(text);
	policy_free(&policy);
	return ok;
}

static void test_policy_good(void **state)
{
	struct parse_error error;
	json_t *pinned = good_policy();
	char name[2 * TPM_NAME_BYTES + 1];

	(void)state;
	assert_true(parses(good_policy(), &error));
	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	json_array_append_new(json_object_get(json_object_get(pinned, "identity"), "ak_names"), json_string(name));
	assert_true(parses(pinned, &error));
}

/* No value has a default, and none may be of another type. */
static void test_policy_members(void **state)
{
	json_t *model = good_policy();
	const char *name;
	json_t *value;

	(void)state;
	json_object_foreach(model, name, value)
	{
		struct parse_error error;
		json_t *less = good_policy();
		json_t *other = good_policy();

		json_object_del(less, name);
		assert_false(parses(less, &error));
		assert_string_equal(error.where, name);
		assert_string_equal(error.what, "is missing");
		json_object_set_new(other, name, json_real(1.5));
		assert_false(parses(other, &error));
		assert_string_equal(error.where, name);
	}
	json_decref(model);
}

static void test_policy_bad(void **state)
{
	static const struct {
		const char *list, *member, *value, *where;
	} bad[] = {
		{"loader", "authenticode_sha256", "\"12\"", "loader[0].authenticode_sha256"},
		{"loader", "more", "1", "loader[0].more"},
		{"loader", "name", "\"\"", "loader[0].name"},
		{"before_loader", "role", "\"driver\"", "before_loader[0]"},
		{"before_loader", "authenticode_sha256", "null", "before_loader[0].authenticode_sha256"},
		{"hypervisor", "version", "\"1.0\"", "hypervisor[0]"},
		{"hypervisor", "svn", "-1", "hypervisor[0].svn"},
		{"hypervisor", "svn", "4294967296", "hypervisor[0].svn"},
		{"hypervisor", "debug", "0", "hypervisor[0].debug"},
		{"config", "text", "\"abd\"", "config[0]"},
		{"config", "text", "null", "config[0].text"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct parse_error error;
		json_t *root = good_policy();
		json_t *entry = json_array_get(json_object_get(root, bad[i].list), 0);

		json_object_set_new(entry, bad[i].member, json_loads(bad[i].value, JSON_DECODE_ANY, NULL));
		assert_false(parses(root, &error));
		assert_string_equal(error.where, bad[i].where);
	}
}

static void test_policy_top(void **state)
{
	static const struct {
		const char *member, *value, *where;
	} bad[] = {
		{"version", "1", "version"},
		{"version", "3", "version"},
		{"serial", "-1", "serial"},
		{"serial", "9223372036854775808", NULL},
		{"not_before", "\"2026-01-01\"", "not_before"},
		{"not_before", "\"2026-02-29T00:00:00Z\"", "not_before"},
		{"not_after", "\"2025-12-31T23:59:59Z\"", "not_after"},
		{"not_after", "\"2026-12-31T23:59:59+01:00\"", "not_after"},
		{"firmware", "\"checked\"", "firmware"},
		{"firmware", "null", "firmware"},
		{"identity", "{}", "identity.ak_names"},
		{"identity", "{\"ak_names\": [], \"ek\": 1}", "identity.ek"},
		{"identity", "{\"ak_names\": [\"000b\"]}", "identity.ak_names[0]"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct parse_error error;
		json_t *root = good_policy();
		json_t *value = json_loads(bad[i].value, JSON_DECODE_ANY, NULL);

		if (!bad[i].where) { /* jansson itself refuses the number */
			assert_null(value);
			json_decref(root);
			continue;
		}
		json_object_set_new(root, bad[i].member, value);
		if (parses(root, &error))
			fail_msg("%s: %s was taken", bad[i].member, bad[i].value);
		assert_string_equal(error.where, bad[i].where);
	}
}

static void dates_are_strict_rfc3339_in_utc(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} good[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"1969-12-31T23:59:59Z", -1},
		{"2000-02-29T12:00:00Z", 951825600},
		{"2026-07-28T01:02:03Z", 1785200523},
		{"2100-03-01T00:00:00Z", 4107542400},
		{"0000-01-01T00:00:00Z", -62167219200},
		{"9999-12-31T23:59:59Z", 253402300799},
	};
	static const char *const bad[] = {"",
					  "2026-01-01T00:00:00",
					  "2026-01-01T00:00:00z",
					  "2026-01-01 00:00:00Z",
					  "2026-1-01T00:00:00Z0",
					  "2026-13-01T00:00:00Z",
					  "2026-00-01T00:00:00Z",
					  "2026-04-31T00:00:00Z",
					  "2100-02-29T00:00:00Z",
					  "2026-01-01T24:00:00Z",
					  "2026-01-01T00:60:00Z",
					  "2026-01-01T00:00:60Z",
					  "2026-01-00T00:00:00Z",
					  "-026-01-01T00:00:00Z",
					  "2026-01-01T00:00:00Z "};
	char text[DATE_BYTES];
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_true(date_parse(good[i].text, &seconds));
		assert_true(seconds == good[i].seconds);
		date_text(seconds, text);
		assert_string_equal(text, good[i].text);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (date_parse(bad[i], &seconds))
			fail_msg("'%s' was taken", bad[i]);
	date_text(INT64_MAX, text);
	assert_string_equal(text, "out of range");
	date_text(INT64_MIN, text);
	assert_string_equal(text, "out of range");
}

/* Both ends are within. */
static void test_policy_at(void **state)
{
	struct policy *p = test_calloc(1, sizeof(*p));

	(void)state;
	assert_int_equal(policy_at(p, INT64_MAX), POLICY_IN_FORCE);
	p->not_before = (struct policy_date){true, 100};
	p->not_after = (struct policy_date){true, 200};
	assert_int_equal(policy_at(p, 99), POLICY_NOT_YET);
	assert_int_equal(policy_at(p, 100), POLICY_IN_FORCE);
	assert_int_equal(policy_at(p, 200), POLICY_IN_FORCE);
	assert_int_equal(policy_at(p, 201), POLICY_EXPIRED);
	test_free(p);
}

static void test_policy_empty_list(void **state)
{
	struct parse_error error;
	json_t *root = good_policy();

	(void)state;
	json_array_clear(json_object_get(root, "hypervisor"));
	assert_false(parses(root, &error));
	assert_string_equal(error.where, "hypervisor");
}

static void test_policy_duplicate(void **state)
{
	static struct policy policy;
	struct parse_error error;

	(void)state;
	assert_false(policy_parse(text_bytes("{\"version\": 1, \"version\": 1}"), &policy, &error));
	assert_non_null(strstr(error.what, "duplicate"));
}

static void expect_answer(json_t *root, const char *where)
{
	struct evidence e;
	struct parse_error error;
	char *text = json_dumps(root, 0);

	assert_non_null(text);
	if (evidence_parse(text_bytes(text), NULL, &e, &error))
		fail_msg("an answer with a wrong '%s' was taken", where);
	assert_string_equal(error.where, where);
	free(text);
	json_decref(root);
}

static json_t *honest_answer(void)
{
	struct built *b = test_calloc(1, sizeof(*b));

	build_honest(b);
	char *text = build_answer(b);
	test_free(b);
	json_t *root = json_loads(text, 0, NULL);
	free(text);
	return root;
}

/* Every member: absent, of a wrong type, not base64. */
static void test_answer_members(void **state)
{
	json_t *model = honest_answer();
	const char *name;
	json_t *value;

	(void)state;
	json_object_foreach(model, name, value)
	{
		json_t *less = json_deep_copy(model);
		json_t *other = json_deep_copy(model);

		json_object_del(less, name);
		expect_answer(less, name);
		json_object_set_new(other, name, json_false());
		expect_answer(other, name);
		if (!json_is_string(value))
			continue;
		json_t *bad = json_deep_copy(model);
		json_object_set_new(bad, name, json_string("not base64"));
		expect_answer(bad, name);
	}
	json_decref(model);
}

static void test_answer_inner(void **state)
{
	json_t *model = honest_answer();
	json_t *root = json_deep_copy(model);

	(void)state;
	json_object_set_new(root, "more", json_true());
	expect_answer(root, "more");
	root = json_deep_copy(model);
	json_object_set_new(root, "version", json_integer(2));
	expect_answer(root, "version");
	root = json_deep_copy(model);
	json_object_del(json_object_get(root, "tcg_log"), "data");
	expect_answer(root, "tcg_log.data");
	root = json_deep_copy(model);
	json_object_set_new(json_object_get(root, "hv_log"), "sha256", json_string("00"));
	expect_answer(root, "hv_log.sha256");
	root = json_deep_copy(model);
	json_object_set_new(json_array_get(json_object_get(root, "pcrs"), 3), "sha256", json_string("AAAA"));
	expect_answer(root, "pcrs[3].sha256");
	root = json_deep_copy(model);
	json_object_set_new(json_array_get(json_object_get(root, "pcrs"), 3), "index", json_integer(-1));
	expect_answer(root, "pcrs[3].index");
	json_decref(model);
}

static void test_answer_size(void **state)
{
	struct parse_error error;
	struct evidence e;
	char *large = malloc(ANSWER_MAX_BYTES + 1);

	(void)state;
	assert_non_null(large);
	memset(large, ' ', ANSWER_MAX_BYTES + 1);
	assert_false(evidence_parse((struct bytes){(uint8_t *)large, ANSWER_MAX_BYTES + 1}, NULL, &e, &error));
	assert_string_equal(error.what, "longer than 2 MiB");
	free(large);
}

/* A host without a hypervisor says null. */
static void test_answer_null(void **state)
{
	struct parse_error error;
	struct evidence e;
	json_t *root = honest_answer();

	(void)state;
	json_object_set_new(root, "hk_statement", json_null());
	json_object_set_new(root, "fresh", json_null());
	char *text = json_dumps(root, 0);
	json_decref(root);
	assert_true(evidence_parse(text_bytes(text), NULL, &e, &error));
	assert_int_equal(e.statement.len, 0);
	assert_int_equal(e.fresh.len, 0);
	evidence_free(&e);
	free(text);
}

static int free_keys(void **state)
{
	(void)state;
	build_keys_free();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader_fails_past_the_end),
		cmocka_unit_test(test_base64),
		cmocka_unit_test(hex_has_exact_length),
		cmocka_unit_test(control_characters_are_cleaned),
		cmocka_unit_test(test_line_difference),
		cmocka_unit_test(versions_have_three_parts_of_a_byte),
		cmocka_unit_test(test_policy_good),
		cmocka_unit_test(test_policy_members),
		cmocka_unit_test(test_policy_bad),
		cmocka_unit_test(test_policy_top),
		cmocka_unit_test(test_policy_at),
		cmocka_unit_test(dates_are_strict_rfc3339_in_utc),
		cmocka_unit_test(test_policy_empty_list),
		cmocka_unit_test(test_policy_duplicate),
		cmocka_unit_test(test_answer_members),
		cmocka_unit_test(test_answer_inner),
		cmocka_unit_test(test_answer_size),
		cmocka_unit_test(test_answer_null),
	};

	return cmocka_run_group_tests_name("policy_inputs", tests, NULL, free_keys);
}
