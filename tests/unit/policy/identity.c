/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The answer to an enrolment: the secret that was sealed, or any other. */
#include "policy/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/evp.h>

static const uint8_t CREDENTIAL[SHA256_BYTES] = {1, 2, 3, [31] = 0xfe};

/* Is an answer with these bytes the credential? */
static bool same(const uint8_t *secret, size_t bytes)
{
	unsigned char encoded[128] = "";
	char answer[256];
	struct parse_error error;
	bool result = true;

	EVP_EncodeBlock(encoded, secret, (int)bytes);
	snprintf(answer, sizeof(answer), "{\"version\": 1, \"secret\": \"%s\"}", encoded);
	assert_true(enrol_answer_parse((struct bytes){(const uint8_t *)answer, strlen(answer)}, CREDENTIAL, &result,
				       &error));
	return result;
}

static void the_credential_is_recognised(void **state)
{
	(void)state;
	assert_true(same(CREDENTIAL, sizeof(CREDENTIAL)));
}

static void each_byte_of_it_counts(void **state)
{
	uint8_t other[SHA256_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(other); i++) {
		memcpy(other, CREDENTIAL, sizeof(other));
		other[i] ^= 0x80;
		assert_false(same(other, sizeof(other)));
	}
}

static void so_does_its_length(void **state)
{
	uint8_t longer[SHA256_BYTES + 1] = {0};

	(void)state;
	memcpy(longer, CREDENTIAL, sizeof(CREDENTIAL));
	assert_false(same(longer, sizeof(longer)));
	for (size_t bytes = 0; bytes < sizeof(CREDENTIAL); bytes++)
		assert_false(same(CREDENTIAL, bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_credential_is_recognised),
		cmocka_unit_test(each_byte_of_it_counts),
		cmocka_unit_test(so_does_its_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
