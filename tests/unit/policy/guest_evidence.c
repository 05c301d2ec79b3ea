/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: policy/judge_guest.c policy/members.c */
/* A guest's evidence as it comes: what is read of it, and that none is accepted which was changed. */
#include "policy/guest_evidence.h"

#include <stdio.h>
#include <stdlib.h>

#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>

#include "guest_builder.h"
#include "lie.h"
#include "policy/encoding.h"

#define MUTANTS 3000u /* or the number in the first argument */

static struct guest_built *honest;
static uint32_t mutants = MUTANTS;

/* Parses in memory of the document's exact length. */
static bool parses_text(const char *text, size_t len, struct guest_evidence *evidence, struct parse_error *error)
{
	char *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	memcpy(exact, text, len);
	const bool parsed = guest_evidence_parse((struct bytes){(uint8_t *)exact, len}, evidence, error);
	free(exact);
	return parsed;
}

/* Takes the document over. */
static bool parses(json_t *root, struct guest_evidence *evidence, struct parse_error *error)
{
	char *text = json_dumps(root, JSON_COMPACT);

	json_decref(root);
	assert_non_null(text);
	const bool parsed = parses_text(text, strlen(text), evidence, error);
	free(text);
	return parsed;
}

/* @where: the member that is wrong; the document is taken over */
static void refused(json_t *root, const char *where)
{
	struct guest_evidence evidence;
	struct parse_error error;

	if (parses(root, &evidence, &error))
		fail_msg("%s passed", where);
	assert_string_equal(error.where, where);
	assert_int_not_equal(error.what[0], '\0');
	assert_null(evidence.host.storage);
}

static void make(uint32_t index, uint32_t count)
{
	struct guest_scenario s;

	guest_scenario_init(&s);
	s.index = index;
	s.count = count;
	build_guest(honest, &s);
}

/* The verdict on what is parsed, with the logs of the honest host. */
static int judged(json_t *root, struct verdict *v)
{
	const struct guest_policies policies = {&honest->host.policy, &honest->policy};
	struct guest_evidence evidence;
	struct parse_error error;

	if (!parses(root, &evidence, &error))
		return 11;
	evidence.host.tcg_log.data = honest->host.evidence.tcg_log.data;
	evidence.host.hv_log.data = honest->host.evidence.hv_log.data;
	judge_guest(&evidence, &honest->challenge, &policies, &honest->host.known, v);
	guest_evidence_free(&evidence);
	return verdict_exit_code(v);
}

/* By another library, from the protocol's own words. */
static void report_data_is_that_of_the_protocol(void **state)
{
	struct guest_challenge challenge = {.bound = {(const uint8_t *)"key", 3}};
	uint8_t text[NONCE_BYTES + 3], expected[64], found[64];

	(void)state;
	for (uint8_t i = 0; i < NONCE_BYTES; i++)
		text[i] = challenge.nonce[i] = i;
	memcpy(text + NONCE_BYTES, "key", 3);
	assert_int_equal(mbedtls_sha512(text, sizeof(text), expected, 0), 0);
	guest_report_data(&challenge, found);
	assert_memory_equal(found, expected, sizeof(found));
	challenge.bound.len = 0;
	assert_int_equal(mbedtls_sha512(text, NONCE_BYTES, expected, 0), 0);
	guest_report_data(&challenge, found);
	assert_memory_equal(found, expected, sizeof(found));
}

static void qualifying_data_is_that_of_the_protocol(void **state)
{
	const struct guest_evidence *e = &honest->evidence;
	uint8_t text[16 + 4 * SHA256_BYTES] = "cloister-guest-1", expected[SHA256_BYTES];
	const struct digest found = guest_evidence_qualifying_data(e);

	(void)state;
	memcpy(text + 16, e->batch.bytes, SHA256_BYTES);
	assert_int_equal(mbedtls_sha256(e->host.tcg_log.data.data, e->host.tcg_log.data.len, text + 48, 0), 0);
	assert_int_equal(mbedtls_sha256(e->host.hv_log.data.data, e->host.hv_log.data.len, text + 80, 0), 0);
	assert_int_equal(mbedtls_sha256(e->host.statement.data, e->host.statement.len, text + 112, 0), 0);
	assert_int_equal(mbedtls_sha256(text, sizeof(text), expected, 0), 0);
	assert_memory_equal(found.bytes, expected, sizeof(expected));
}

static void what_a_guest_gets_is_accepted(void **state)
{
	static const uint32_t places[][2] = {{0, 1}, {0, 2}, {1, 2}, {2, 3}, {6, 7}, {63, 64}, {17, 64}};
	struct verdict v;

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		make(places[i][0], places[i][1]);
		assert_int_equal(judged(build_guest_json(honest), &v), 0);
	}
	make(0, 1);
}

/* The largest batch, and whatever a statement and a quote are. */
static void the_longest_evidence_fits(void **state)
{
	(void)state;
	make(0, 64);
	json_t *root = build_guest_json(honest);
	char *text = json_dumps(root, 0);

	json_decref(root);
	assert_true(strlen(text) < GUEST_EVIDENCE_MAX_BYTES - 2048);
	free(text);
	make(0, 1);
}

static void the_bound_is_8192_bytes(void **state)
{
	json_t *root = build_guest_json(honest);
	char *text = json_dumps(root, JSON_COMPACT), padded[GUEST_EVIDENCE_MAX_BYTES + 1];
	struct guest_evidence evidence;
	struct parse_error error;

	(void)state;
	memset(padded, ' ', sizeof(padded));
	memcpy(padded, text, strlen(text));
	assert_true(parses_text(padded, GUEST_EVIDENCE_MAX_BYTES, &evidence, &error));
	guest_evidence_free(&evidence);
	assert_false(parses_text(padded, GUEST_EVIDENCE_MAX_BYTES + 1, &evidence, &error));
	assert_string_equal(error.what, "longer than 8192 bytes");
	json_decref(root);
	free(text);
}

static const char *const MEMBERS[] = {"version", "report",  "batch",  "quote",        "signature", "ak_public",
				      "pcrs",    "tcg_log", "hv_log", "hk_statement", "fresh"};
#define MEMBER_COUNT (sizeof(MEMBERS) / sizeof(MEMBERS[0]))

static void every_member_is_needed(void **state)
{
	(void)state;
	for (size_t i = 0; i < MEMBER_COUNT; i++) {
		json_t *root = build_guest_json(honest);

		assert_int_equal(json_object_del(root, MEMBERS[i]), 0);
		refused(root, MEMBERS[i]);
	}
	json_t *root = build_guest_json(honest);
	json_object_set_new(root, "more", json_true());
	refused(root, "more");
}

static json_t *other_type(size_t which)
{
	switch (which) {
	case 0:
		return json_null();
	case 1:
		return json_true();
	case 2:
		return json_real(1.0);
	case 3:
		return json_integer(-1);
	case 4:
		return json_string("?");
	case 5:
		return json_array();
	default:
		return json_object();
	}
}

/* Not which member of an object is wrong, but that it is refused. */
static void every_member_has_one_type(void **state)
{
	struct guest_evidence evidence;
	struct parse_error error;

	(void)state;
	for (size_t i = 0; i < MEMBER_COUNT; i++)
		for (size_t type = 0; type < 7; type++) {
			json_t *root = build_guest_json(honest);

			/* any list of PCRs is counted, and refused by step 1 */
			if (type == 5 && strcmp(MEMBERS[i], "pcrs") == 0) {
				json_decref(root);
				continue;
			}
			json_object_set_new(root, MEMBERS[i], other_type(type));
			if (parses(root, &evidence, &error))
				fail_msg("%s of type %zu passed", MEMBERS[i], type);
			assert_memory_equal(error.where, MEMBERS[i], strlen(MEMBERS[i]));
		}
}

static void no_member_comes_twice(void **state)
{
	json_t *root = build_guest_json(honest);
	struct guest_evidence evidence;
	struct parse_error error;
	char doubled[GUEST_EVIDENCE_MAX_BYTES];

	(void)state;
	char *text = json_dumps(root, JSON_COMPACT);
	for (size_t i = 0; i < MEMBER_COUNT; i++) {
		char *value = json_dumps(json_object_get(root, MEMBERS[i]), JSON_COMPACT | JSON_ENCODE_ANY);
		const int len = snprintf(doubled, sizeof(doubled), "{\"%s\":%s,%s", MEMBERS[i], value, text + 1);

		free(value);
		assert_in_range(len, 1, sizeof(doubled) - 1);
		assert_false(parses_text(doubled, (size_t)len, &evidence, &error));
		assert_non_null(strstr(error.what, "duplicate"));
	}
	free(text);
	json_decref(root);
}

/* A member of a member, set to a value that is not right; 'where' says so. */
static void wrong_inside(const char *object, const char *member, json_t *value, const char *where)
{
	json_t *root = build_guest_json(honest);

	json_object_set_new(json_object_get(root, object), member, value);
	refused(root, where);
}

static void logs_have_a_digest_and_no_data(void **state)
{
	static const char *const logs[] = {"tcg_log", "hv_log"};
	char where[32];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		snprintf(where, sizeof(where), "%s.data", logs[i]);
		wrong_inside(logs[i], "data", json_string("AAAA"), where);
		snprintf(where, sizeof(where), "%s.sha256", logs[i]);
		wrong_inside(logs[i], "sha256", json_string("00"), where);
		wrong_inside(logs[i], "sha256", json_null(), where);
		json_t *root = build_guest_json(honest);
		json_object_del(json_object_get(root, logs[i]), "sha256");
		refused(root, where);
	}
}

static void a_batch_has_a_place_and_its_path(void **state)
{
	static const char *const members[] = {"index", "count", "path"};
	static const char digest[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	char where[32];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		json_t *root = build_guest_json(honest);

		snprintf(where, sizeof(where), "batch.%s", members[i]);
		json_object_del(json_object_get(root, "batch"), members[i]);
		refused(root, where);
		wrong_inside("batch", members[i], json_null(), where);
	}
	wrong_inside("batch", "more", json_true(), "batch.more");
	wrong_inside("batch", "index", json_integer(1), "batch.index");
	wrong_inside("batch", "index", json_integer(64), "batch.index");
	wrong_inside("batch", "index", json_integer(-1), "batch.index");
	wrong_inside("batch", "index", json_real(0), "batch.index");
	wrong_inside("batch", "count", json_integer(0), "batch.index");
	wrong_inside("batch", "count", json_integer(2), "batch.path");
	wrong_inside("batch", "count", json_integer(65), "batch.count");
	wrong_inside("batch", "path", json_pack("[s]", digest), "batch.path");
	wrong_inside("batch", "path", json_pack("[sssssss]", digest, digest, digest, digest, digest, digest, digest),
		     "batch.path");
	make(0, 2);
	wrong_inside("batch", "path", json_array(), "batch.path");
	wrong_inside("batch", "path", json_pack("[ss]", digest, digest), "batch.path");
	wrong_inside("batch", "path", json_pack("[s]", "AAAA"), "batch.path[0]");
	wrong_inside("batch", "path", json_pack("[i]", 0), "batch.path[0]");
	wrong_inside("batch", "path", json_pack("[n]"), "batch.path[0]");
	make(0, 1);
}

/* A report that is not in the batch for which the TPM's quote is. */
static void another_path_is_another_batch(void **state)
{
	struct verdict v;

	(void)state;
	make(2, 5);
	json_t *root = build_guest_json(honest);
	json_t *path = json_object_get(json_object_get(root, "batch"), "path");
	json_t *first = json_incref(json_array_get(path, 0));
	json_array_set(path, 0, json_array_get(path, 1));
	json_array_set_new(path, 1, first);
	assert_int_equal(judged(root, &v), 13);
	assert_int_equal(v.refusals[0].code, REFUSE_QUALIFYING);
	root = build_guest_json(honest);
	json_object_set_new(json_object_get(root, "batch"), "index", json_integer(3));
	assert_int_equal(judged(root, &v), 13);
	make(0, 1);
}

static void cut_evidence_is_refused(void **state)
{
	json_t *root = build_guest_json(honest);
	char *text = json_dumps(root, JSON_COMPACT);
	struct guest_evidence evidence;
	struct parse_error error;

	(void)state;
	for (size_t len = 0; len < strlen(text); len++) {
		if (parses_text(text, len, &evidence, &error))
			fail_msg("cut to %zu bytes", len);
		assert_int_not_equal(error.what[0], '\0');
	}
	free(text);
	json_decref(root);
}

/* xorshift64: the same mutants each time. */
static uint32_t some(uint32_t below)
{
	static uint64_t x = 0x9e3779b97f4a7c15;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (uint32_t)(x >> 32) % below;
}

/* Fields of bytes: decoded, changed, and encoded again. */
static const char *const BYTES[] = {"report",    "report",    "report",       "quote",
				    "signature", "ak_public", "hk_statement", "fresh"};

static json_t *changed_bytes(const json_t *old)
{
	uint8_t data[2048];
	size_t len;

	assert_true(base64_decode(json_string_value(old), json_string_length(old), data, &len));
	const size_t at = some((uint32_t)len);
	switch (some(4)) {
	case 0:
		data[at] ^= (uint8_t)(1u << some(8));
		break;
	case 1:
		data[at] = (uint8_t)(data[at] + 1 + some(255));
		break;
	case 2:
		memmove(data + at, data + at + 1, len - at - 1);
		len--;
		break;
	default:
		memmove(data + at + 1, data + at, len - at);
		data[at] = (uint8_t)some(256);
		len++;
	}
	return build_base64((struct bytes){data, len});
}

/* A digest of 64 digits, a place in the batch, a hash of the path, or a PCR's value is another. */
static void change_other(json_t *root)
{
	json_t *batch = json_object_get(root, "batch"), *pcrs = json_object_get(root, "pcrs");
	const size_t pcr = some((uint32_t)json_array_size(pcrs));
	char text[2 * SHA256_BYTES + 1];

	switch (some(5)) {
	case 0:
		json_object_set_new(batch, "index", json_integer(1 + some(62)));
		break;
	case 1:
		json_object_set_new(batch, "count", json_integer(3 + some(61)));
		break;
	case 2:
		json_array_set_new(json_object_get(batch, "path"), 0,
				   changed_bytes(json_array_get(json_object_get(batch, "path"), 0)));
		break;
	case 3:
		snprintf(text, sizeof(text), "%064x", 1 + some(1u << 20));
		json_object_set_new(json_object_get(root, some(2) ? "tcg_log" : "hv_log"), "sha256", json_string(text));
		break;
	default:
		json_object_set_new(json_array_get(pcrs, pcr), "sha256",
				    changed_bytes(json_object_get(json_array_get(pcrs, pcr), "sha256")));
	}
}

static void no_mutant_is_accepted(void **state)
{
	struct verdict v;

	(void)state;
	make(0, 2);
	for (uint32_t i = 0; i < mutants; i++) {
		json_t *root = build_guest_json(honest);
		json_t *before = json_deep_copy(root);
		const char *field = BYTES[some(sizeof(BYTES) / sizeof(BYTES[0]))];

		if (some(4) == 0)
			change_other(root);
		else
			json_object_set_new(root, field, changed_bytes(json_object_get(root, field)));
		const bool same = json_equal(root, before);
		const int code = judged(root, &v);
		json_decref(before);
		if (!same && code < 11)
			fail_msg("mutant %u: %d", i, code);
		assert_true(!same || code == 0);
	}
	make(0, 1);
}

static int make_honest(void **state)
{
	(void)state;
	honest = calloc(1, sizeof(*honest));
	if (!honest)
		return -1;
	make(0, 1);
	return 0;
}

static int drop(void **state)
{
	(void)state;
	free(honest);
	build_keys_free();
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(report_data_is_that_of_the_protocol),
		cmocka_unit_test(qualifying_data_is_that_of_the_protocol),
		cmocka_unit_test(what_a_guest_gets_is_accepted),
		cmocka_unit_test(the_longest_evidence_fits),
		cmocka_unit_test(the_bound_is_8192_bytes),
		cmocka_unit_test(every_member_is_needed),
		cmocka_unit_test(every_member_has_one_type),
		cmocka_unit_test(no_member_comes_twice),
		cmocka_unit_test(logs_have_a_digest_and_no_data),
		cmocka_unit_test(a_batch_has_a_place_and_its_path),
		cmocka_unit_test(another_path_is_another_batch),
		cmocka_unit_test(cut_evidence_is_refused),
		cmocka_unit_test(no_mutant_is_accepted),
	};

	if (argc > 1)
		mutants = (uint32_t)strtoul(argv[1], NULL, 10);
	return cmocka_run_group_tests_name("policy_guest_evidence", tests, make_honest, drop);
}
