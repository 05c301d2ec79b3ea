/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TPM commands byte for byte, and responses of every wrong shape. */
#include "loader_test.h"

#include "tpm2.h"

static struct failure failure;

static void commands_have_the_tpms_bytes(void **state)
{
	static const uint8_t banks[] = "\x80\x01\0\0\0\x16\0\0\1\x7a\0\0\0\5\0\0\0\0\0\0\0\1";
	static const uint8_t random[] = "\x80\x01\0\0\0\x0c\0\0\1\x7b\0\x20";
	static const uint8_t clock[] = "\x80\x01\0\0\0\x0a\0\0\1\x81";
	uint8_t command[TPM2_MAX_BYTES];
	(void)state;

	assert_int_equal(tpm2_get_pcr_banks(command), sizeof(banks) - 1);
	assert_memory_equal(command, banks, sizeof(banks) - 1);
	assert_int_equal(tpm2_get_random(command, 32), sizeof(random) - 1);
	assert_memory_equal(command, random, sizeof(random) - 1);
	assert_int_equal(tpm2_read_clock(command), sizeof(clock) - 1);
	assert_memory_equal(command, clock, sizeof(clock) - 1);
}

static void extend_command(void **state)
{
	static const uint8_t start[] =
		"\x80\x02\0\0\0\x73\0\0\1\x82\0\0\0\x11\0\0\0\x09\x40\0\0\x09\0\0\0\0\0\0\0\0\2\0\x0b";
	static const struct tpm2_digests digests = {{2, {{TPM_ALG_SHA256, 32}, {TPM_ALG_SHA384, 48}}},
						    {{0xaa}, {0xbb}}};
	uint8_t command[TPM2_MAX_BYTES];
	(void)state;

	assert_int_equal(tpm2_pcr_extend(command, 17, &digests), 0x73);
	assert_memory_equal(command, start, sizeof(start) - 1);
	assert_int_equal(command[33], 0xaa);
	assert_memory_equal(command + 33 + 32, "\0\x0c\xbb", 3);
}

static void response_codes(void **state)
{
	static const uint8_t busy[] = "\x80\x01\0\0\0\x0a\0\0\x09\x22";
	uint32_t code;
	(void)state;

	assert_true(tpm2_response_code(busy, 10, &code));
	assert_int_equal(code, 0x922);
	assert_true(tpm2_is_retry(0x922));
	assert_true(tpm2_is_retry(0x908));
	assert_true(tpm2_is_retry(0x90a));
	assert_false(tpm2_is_retry(0x907));
	assert_false(tpm2_response_code(busy, 9, &code));
	assert_false(tpm2_response_code(busy, 11, &code));
}

/* A TPM with SHA-1 switched off, SHA-256 and SHA-384 on. */
static const uint8_t banks_response[] = "\x80\x01\0\0\0\x25\0\0\0\0\0\0\0\0\5\0\0\0\3"
					"\0\4\3\0\0\0"
					"\0\x0b\3\xff\xff\xff"
					"\0\x0c\3\xff\xff\xff";
#define BANKS_BYTES (sizeof(banks_response) - 1)

static bool parse_banks(const uint8_t *response, size_t bytes, struct tpm2_banks *banks)
{
	uint8_t *copy = malloc(bytes ? bytes : 1);

	memcpy(copy, response, bytes);
	const bool done = tpm2_parse_pcr_banks(copy, bytes, banks, &failure);
	free(copy);
	return done;
}

static void active_banks(void **state)
{
	struct tpm2_banks banks;
	(void)state;

	assert_true(parse_banks(banks_response, BANKS_BYTES, &banks));
	assert_int_equal(banks.count, 2);
	assert_int_equal(banks.bank[0].algorithm, TPM_ALG_SHA256);
	assert_int_equal(banks.bank[0].bytes, 32);
	assert_int_equal(banks.bank[1].bytes, 48);
	for (size_t bytes = 0; bytes < BANKS_BYTES; bytes++)
		assert_fails(parse_banks(banks_response, bytes, &banks), failure, "LOADER_E_TPM_RESPONSE", "");
}

static void bad_banks(void **state)
{
	uint8_t response[BANKS_BYTES];
	struct tpm2_banks banks;
	(void)state;

	memcpy(response, banks_response, BANKS_BYTES);
	response[26] = 0x99; /* an algorithm of unknown size, active */
	assert_fails(parse_banks(response, BANKS_BYTES, &banks), failure, "LOADER_E_TPM_BANK", "0x99");
	memcpy(response, banks_response, BANKS_BYTES);
	memset(response + 28, 0, 3);
	assert_fails(parse_banks(response, BANKS_BYTES, &banks), failure, "LOADER_E_TPM_BANK", "SHA-256 is not active");
	memset(response + 15, 0xff, 4); /* four milliards of banks */
	assert_fails(parse_banks(response, BANKS_BYTES, &banks), failure, "LOADER_E_TPM_RESPONSE", "");
}

static void too_many_banks(void **state)
{
	uint8_t response[19 + 9 * 4] = "\x80\x01\0\0\0\x37\0\0\0\0\0\0\0\0\5\0\0\0\x09";
	struct tpm2_banks banks;
	(void)state;

	for (size_t i = 0; i < 9; i++)
		memcpy(response + 19 + 4 * i, "\0\x0b\1\xff", 4);
	assert_fails(parse_banks(response, sizeof(response), &banks), failure, "LOADER_E_TPM_BANK", "");
}

static void clock_is_parsed_whole_or_refused(void **state)
{
	uint8_t response[35] = "\x80\x01\0\0\0\x23";
	struct tpm2_clock clock;
	(void)state;

	response[29] = 7;
	response[33] = 9;
	assert_true(tpm2_parse_clock(response, sizeof(response), &clock));
	assert_int_equal(clock.reset_count, 7);
	assert_int_equal(clock.restart_count, 9);
	assert_false(tpm2_parse_clock(response, sizeof(response) - 1, &clock));
}

static void random_bytes(void **state)
{
	static const uint8_t response[] = "\x80\x01\0\0\0\x10\0\0\0\0\0\4\1\2\3\4";
	uint8_t bytes[4] = {0};
	(void)state;

	assert_int_equal(tpm2_parse_random(response, 16, bytes, 4), 4);
	assert_memory_equal(bytes, "\1\2\3\4", 4);
	assert_int_equal(tpm2_parse_random(response, 16, bytes, 3), 3);
	assert_int_equal(tpm2_parse_random(response, 15, bytes, 4), 0);
	assert_int_equal(tpm2_parse_random(response, 11, bytes, 4), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_have_the_tpms_bytes),
		cmocka_unit_test(extend_command),
		cmocka_unit_test(response_codes),
		cmocka_unit_test(active_banks),
		cmocka_unit_test(bad_banks),
		cmocka_unit_test(too_many_banks),
		cmocka_unit_test(clock_is_parsed_whole_or_refused),
		cmocka_unit_test(random_bytes),
	};

	return cmocka_run_group_tests_name("loader_tpm2", tests, NULL, NULL);
}
