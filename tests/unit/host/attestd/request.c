/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tenant sends: base64, digests, the body of POST /v1/evidence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"

#define ZERO_32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define HEX_32  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static int64_t decode(const char *text, uint8_t *out, size_t capacity)
{
	return base64_decode(text, strlen(text), out, capacity);
}

/* RFC 4648, section 10. */
static void base64_vectors(void **state)
{
	static const char *const text[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
	uint8_t out[6];

	(void)state;
	for (size_t i = 0; i < 7; i++) {
		json_t *string = json_base64("foobar", i);

		assert_string_equal(json_string_value(string), text[i]);
		json_decref(string);
		assert_int_equal(decode(text[i], out, sizeof(out)), i);
		assert_memory_equal(out, "foobar", i);
	}
}

static void base64_other_spellings_are_refused(void **state)
{
	static const char *const text[] = {
		"Zg=",      "Zg",   "Zg==\n", "Zm\n9v", "Zm 9v", "Zh==",     "Zm9=",     "=m9v",
		"Zm9v====", "Z===", "====",   "Zm-v",   "Zm_v",  "Zg==Zg==", " Zm9v   ", "Zm9v\r\n\r\n"};
	uint8_t out[32];

	(void)state;
	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
		assert_int_equal(decode(text[i], out, sizeof(out)), -1);
}

static void base64_writes_no_more_than_fits(void **state)
{
	uint8_t out[4] = {0xee, 0xee, 0xee, 0xee};

	(void)state;
	assert_int_equal(decode("Zm9vYmFy", out, 3), 6);
	assert_memory_equal(out, "foo\xee", 4);
}

static void digests_in_hexadecimal(void **state)
{
	static const char *const wrong[] = {"",
					    "00",
					    HEX_32 "0",
					    HEX_32 "00",
					    HEX_32 "\n",
					    "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F",
					    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1 ",
					    "0x0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"};
	uint8_t digest[SHA256_BYTES];
	char text[SHA256_HEX + 1];

	(void)state;
	assert_true(hex_decode(HEX_32, digest));
	for (uint8_t i = 0; i < SHA256_BYTES; i++)
		assert_int_equal(digest[i], i);
	hex_encode(digest, text);
	assert_string_equal(text, HEX_32);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(hex_decode(wrong[i], digest));
}

static void empty_string_has_its_digest(void **state)
{
	uint8_t digest[SHA256_BYTES];
	char text[SHA256_HEX + 1];

	(void)state;
	sha256(NULL, 0, digest);
	hex_encode(digest, text);
	assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static bool parse(const char *body, struct evidence_request *request, struct failure *failure)
{
	/* A copy of exact size: a byte read too far is seen. */
	const size_t bytes = strlen(body);
	char *copy = malloc(bytes ? bytes : 1);
	bool ok;

	assert_non_null(copy);
	memcpy(copy, body, bytes);
	ok = evidence_request_parse(copy, bytes, request, failure);
	free(copy);
	return ok;
}

static void good_request(void **state)
{
	const uint8_t zeros[32] = {0}, ones[32] = {[0 ... 31] = 0xff};
	struct evidence_request request;
	struct failure failure;

	(void)state;
	memset(&request, 0xee, sizeof(request));
	assert_true(parse("{\"nonce\":\"//////////////////////////////////////////8=\",\"channel\":\"" ZERO_32
			  "\",\"known_logs\":[\"" HEX_32 "\"]}",
			  &request, &failure));
	assert_memory_equal(request.nonce, ones, 32);
	assert_memory_equal(request.channel, zeros, 32);
	assert_int_equal(request.known_count, 1);
	assert_true(evidence_request_knows(&request, request.known_logs[0]));
	assert_false(evidence_request_knows(&request, zeros));
}

static void known_logs_may_be_left_out(void **state)
{
	struct evidence_request request;
	struct failure failure;
	const uint8_t zeros[32] = {0};

	(void)state;
	memset(&request, 0, sizeof(request));
	request.known_count = 8;
	assert_true(parse("{\"nonce\":\"" ZERO_32 "\",\"channel\":\"" ZERO_32 "\"}", &request, &failure));
	assert_int_equal(request.known_count, 0);
	assert_false(evidence_request_knows(&request, zeros));
}

static void as_many_known_logs_as_allowed(void **state)
{
	struct evidence_request request;
	struct failure failure;
	char body[REQUEST_MAX_BYTES];

	(void)state;
	for (unsigned count = 0; count <= KNOWN_LOGS_MAX + 1; count++) {
		int length = snprintf(body, sizeof(body),
				      "{\"nonce\":\"" ZERO_32 "\",\"channel\":\"" ZERO_32 "\",\"known_logs\":[");

		for (unsigned i = 0; i < count; i++)
			length += snprintf(body + length, sizeof(body) - (size_t)length, "%s\"" HEX_32 "\"",
					   i ? "," : "");
		snprintf(body + length, sizeof(body) - (size_t)length, "]}");
		assert_int_equal(parse(body, &request, &failure), count <= KNOWN_LOGS_MAX);
	}
	assert_string_equal(failure.field, "known_logs");
}

static void wrong_requests(void **state)
{
	static const struct {
		const char *body, *code, *field;
	} cases[] = {
		{"", "bad-json", ""},
		{"{\"nonce\":", "bad-json", ""},
		{"3", "bad-json", ""},
		{"{}", "missing-field", "nonce"},
		{"{\"nonce\":\"" ZERO_32 "\"}", "missing-field", "channel"},
		{"{\"nonce\":0,\"channel\":\"" ZERO_32 "\"}", "bad-field", "nonce"},
		{"{\"nonce\":\"AAAA\",\"channel\":\"" ZERO_32 "\"}", "bad-field", "nonce"},
		{"{\"nonce\":\"" ZERO_32 "\",\"channel\":\"!\"}", "bad-field", "channel"},
		{"{\"nonce\":\"" ZERO_32 "\",\"channel\":\"" ZERO_32 "\",\"x\":1}", "unknown-field", "x"},
		{"{\"\":1}", "unknown-field", "(unnamed)"},
		{"{\"\\u001b[2J\":1}", "unknown-field", "(unnamed)"},
		{"{\"nonce\":\"" ZERO_32 "\",\"channel\":\"" ZERO_32 "\",\"known_logs\":[null]}", "bad-field",
		 "known_logs"},
	};
	struct evidence_request request;
	struct failure failure;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_false(parse(cases[i].body, &request, &failure));
		assert_int_equal(failure.status, 400);
		assert_string_equal(failure.code, cases[i].code);
		assert_string_equal(failure.field, cases[i].field);
		assert_true(strlen(failure.message) > 0);
	}
}

static void failure_says_how_long_it_is(void **state)
{
	struct evidence_request request;
	struct failure failure;

	(void)state;
	assert_false(parse("{\"nonce\":\"AAAA\",\"channel\":\"" ZERO_32 "\"}", &request, &failure));
	assert_string_equal(failure.message, "must be 32 bytes, is 3");
}

/* A body for 'cloister enrol' with so many bytes of each. */
static bool enrol(size_t credential, size_t secret, struct enrol_request *request, struct failure *failure)
{
	static const uint8_t zeros[1024];
	json_t *body = json_pack("{s:o, s:o}", "credential_blob", json_base64(zeros, credential), "encrypted_secret",
				 json_base64(zeros, secret));
	char *text = json_dumps(body, 0);
	const bool parsed = enrol_request_parse(text, strlen(text), request, failure);

	free(text);
	json_decref(body);
	return parsed;
}

static void enrolments_have_bounds(void **state)
{
	struct enrol_request *const request = malloc(sizeof(*request)); /* and not a byte more */
	struct failure failure;

	(void)state;
	assert_non_null(request);
	assert_true(enrol(1, 1, request, &failure));
	assert_true(enrol(CREDENTIAL_MAX_BYTES, SECRET_MAX_BYTES, request, &failure));
	assert_int_equal(request->credential_bytes, CREDENTIAL_MAX_BYTES);
	assert_int_equal(request->secret_bytes, SECRET_MAX_BYTES);
	assert_false(enrol(CREDENTIAL_MAX_BYTES + 1, 1, request, &failure));
	assert_string_equal(failure.field, "credential_blob");
	assert_false(enrol(1, SECRET_MAX_BYTES + 1, request, &failure));
	assert_string_equal(failure.field, "encrypted_secret");
	assert_false(enrol(1, 1024, request, &failure));
	assert_false(enrol(0, 1, request, &failure));
	assert_false(enrol(1, 0, request, &failure));
	free(request);
}

/* A member twice could be read in two ways. */
static void members_once(void **state)
{
	static const char twice[] =
		"{\"credential_blob\":\"Zg==\",\"encrypted_secret\":\"Zg==\",\"encrypted_secret\":\"Zg==\"}";
	struct enrol_request request;
	struct failure failure;

	(void)state;
	assert_false(enrol_request_parse(twice, strlen(twice), &request, &failure));
	assert_string_equal(failure.code, "bad-json");
}

/* A nonce has 32 bytes, neither more nor less. */
static void nonce_of_any_length(void **state)
{
	static const uint8_t zeros[40];
	struct evidence_request request;
	struct failure failure;

	(void)state;
	for (size_t bytes = 0; bytes <= sizeof(zeros); bytes++) {
		json_t *body = json_pack("{s:o, s:s}", "nonce", json_base64(zeros, bytes), "channel", ZERO_32);
		char *text = json_dumps(body, 0);

		assert_int_equal(evidence_request_parse(text, strlen(text), &request, &failure), bytes == 32);
		free(text);
		json_decref(body);
	}
}

/* A log is known by all of its digest. */
static void known_by_every_byte(void **state)
{
	struct evidence_request request = {.known_count = 1};
	uint8_t digest[SHA256_BYTES] = {0};

	(void)state;
	assert_true(evidence_request_knows(&request, digest));
	for (size_t i = 0; i < sizeof(digest); i++) {
		digest[i] = 1;
		assert_false(evidence_request_knows(&request, digest));
		digest[i] = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_vectors),
		cmocka_unit_test(base64_other_spellings_are_refused),
		cmocka_unit_test(base64_writes_no_more_than_fits),
		cmocka_unit_test(digests_in_hexadecimal),
		cmocka_unit_test(empty_string_has_its_digest),
		cmocka_unit_test(good_request),
		cmocka_unit_test(known_logs_may_be_left_out),
		cmocka_unit_test(as_many_known_logs_as_allowed),
		cmocka_unit_test(wrong_requests),
		cmocka_unit_test(enrolments_have_bounds),
		cmocka_unit_test(members_once),
		cmocka_unit_test(nonce_of_any_length),
		cmocka_unit_test(known_by_every_byte),
		cmocka_unit_test(failure_says_how_long_it_is),
	};

	return cmocka_run_group_tests_name("host_attestd_request", tests, NULL, NULL);
}
