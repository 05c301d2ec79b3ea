/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/attest/zeroize.c hv/lib/wipe.c mbedtls/library/sha256.c */
/* Reports of domains: their MAC is HMAC-SHA-256 under a key that HK gives, and nothing else passes for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "attest/hk_report.h"
#include "lib/wipe.h"

static struct hk hk;
static bool signs;

bool hk_sign(struct hk *key, const void *message, size_t bytes, uint8_t signature[64])
{
	assert_ptr_equal(key, &hk);
	assert_int_equal(bytes, sizeof(struct hk_report) - 64);
	assert_ptr_equal((const uint8_t *)message + bytes, signature);
	memset(signature, 0x51, 64);
	return signs;
}

static struct report_mac new_report(void)
{
	struct report_mac report;

	memset(hk.private, 0x3a, sizeof(hk.private));
	memset(hk.boot_id, 0xb0, sizeof(hk.boot_id));
	for (size_t i = 0; i < sizeof(report); i++)
		((uint8_t *)&report)[i] = (uint8_t)(i * 7);
	return report;
}

static void the_mac_is_that_of_openssl(void **state)
{
	static const char label[] = "cloister-report-mac-1";
	struct report_mac report = new_report();
	uint8_t key[32], expected[32];

	(void)state;
	assert_true(hk_report_mac(&hk, &report, report.mac));
	HMAC(EVP_sha256(), hk.private, sizeof(hk.private), (const uint8_t *)label, sizeof(label), key, NULL);
	HMAC(EVP_sha256(), key, sizeof(key), (const uint8_t *)&report, 224, expected, NULL);
	assert_memory_equal(report.mac, expected, sizeof(expected));
	assert_true(hk_report_is_own(&hk, &report));
}

static void each_byte_counts(void **state)
{
	struct report_mac report = new_report();

	(void)state;
	assert_true(hk_report_mac(&hk, &report, report.mac));
	for (size_t i = 0; i < sizeof(report); i++) {
		((uint8_t *)&report)[i] ^= 0x80;
		assert_false(hk_report_is_own(&hk, &report));
		((uint8_t *)&report)[i] ^= 0x80;
	}
	hk.private[31] ^= 1; /* another boot's key */
	assert_false(hk_report_is_own(&hk, &report));
}

static void without_a_key_there_are_no_reports(void **state)
{
	struct report_mac report = new_report();

	(void)state;
	assert_true(hk_report_mac(&hk, &report, report.mac));
	memset(&hk, 0, sizeof(hk));
	assert_false(hk_report_is_own(&hk, &report));
	assert_false(hk_report_mac(&hk, &report, report.mac));
}

static void a_signed_report_has_its_header(void **state)
{
	struct hk_report report = {.data = {1, 2, 3}};

	(void)state;
	(void)new_report();
	signs = true;
	assert_int_equal(hk_sign_report(&hk, &report), 0);
	assert_memory_equal(report.magic, "CLSTTDR1", 8);
	assert_int_equal(report.version, 1);
	assert_int_equal(report.bytes, 944);
	assert_memory_equal(report.boot_id, hk.boot_id, sizeof(report.boot_id));
	assert_int_equal(report.data[2], 3);
}

static void a_report_that_is_not_signed_is_wiped(void **state)
{
	const struct hk_report zeros = {.version = 0};
	struct hk_report report = {.data = {1, 2, 3}};

	(void)state;
	(void)new_report();
	signs = false;
	assert_int_equal(hk_sign_report(&hk, &report), HC_E_WIPED);
	assert_memory_equal(&report, &zeros, sizeof(report));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mac_is_that_of_openssl),
		cmocka_unit_test(each_byte_counts),
		cmocka_unit_test(without_a_key_there_are_no_reports),
		cmocka_unit_test(a_signed_report_has_its_header),
		cmocka_unit_test(a_report_that_is_not_signed_is_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
