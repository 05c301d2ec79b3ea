/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wraps: ioctl tpm_quote */
/* /dev/cloister and what attestd makes of it, on a hypervisor that this test plays: ioctl(2) is its border. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "cloister_ioctl.h"
#include "device.h"
#include "evidence.h"

#define DEVICE 77

/* The hypervisor: one object, and what it answers. */
static struct {
	uint8_t object[3 * 4096];
	size_t bytes;
	uint32_t asked; /* which object was asked for */
	size_t most;    /* a read returns no more than this */
	int lie;        /* added to the number of bytes */
	int error;      /* of every call */
	int sign_error;
	uint8_t signed_data[32], quoted_data[32];
} hypervisor;

int __wrap_ioctl(int device, unsigned long command, void *argument);
bool __wrap_tpm_quote(struct tpm *tpm, const uint8_t qualifying_data[32], struct tpm_quote *quote,
		      struct failure *failure);

static int refuse(int error)
{
	errno = error;
	return -1;
}

static int play_read(const struct cloister_read *request)
{
	const size_t start = request->offset < hypervisor.bytes ? request->offset : hypervisor.bytes;
	size_t bytes = hypervisor.bytes - start;

	assert_in_range(request->length, 1, 4096);
	hypervisor.asked = request->object;
	if (bytes > request->length)
		bytes = request->length;
	if (bytes > hypervisor.most)
		bytes = hypervisor.most;
	memcpy((void *)(uintptr_t)request->buffer, hypervisor.object + start, bytes);
	return (int)bytes + hypervisor.lie;
}

static int play_sign(struct cloister_sign *request)
{
	if (hypervisor.sign_error)
		return refuse(hypervisor.sign_error);
	memcpy(hypervisor.signed_data, request->qualifying_data, 32);
	request->fresh = (struct hk_fresh){.magic = HK_FRESH_MAGIC, .uptime_us = 42};
	return 0;
}

/* Signs what begins with 0x81, and nothing else. */
static int play_quote(struct cloister_quote *request)
{
	if (request->report.mac.type != REPORT_TYPE)
		return refuse(EINVAL);
	request->signed_report = (struct hk_report){.td_info = request->report.td_info};
	return 0;
}

int __wrap_ioctl(int device, unsigned long command, void *argument)
{
	assert_true(device >= 0);
	if (hypervisor.error)
		return refuse(hypervisor.error);
	if (command == CLOISTER_READ)
		return play_read(argument);
	if (command == CLOISTER_QUOTE)
		return play_quote(argument);
	assert_int_equal(command, CLOISTER_SIGN);
	return play_sign(argument);
}

bool __wrap_tpm_quote(struct tpm *tpm, const uint8_t qualifying_data[32], struct tpm_quote *quote,
		      struct failure *failure)
{
	(void)tpm;
	(void)failure;
	memcpy(hypervisor.quoted_data, qualifying_data, 32);
	quote->attest_length = 1;
	return true;
}

static int reset(void **state)
{
	(void)state;
	memset(&hypervisor, 0, sizeof(hypervisor));
	hypervisor.most = SIZE_MAX;
	for (size_t i = 0; i < sizeof(hypervisor.object); i++)
		hypervisor.object[i] = (uint8_t)(i * 11 + i / 256);
	return 0;
}

static void objects_longer_than_a_page(void **state)
{
	static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 8192, 9000};
	uint8_t buffer[9000];

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		hypervisor.bytes = sizes[i];
		assert_int_equal(device_read(DEVICE, HV_OBJECT_LOG, buffer, sizeof(buffer)), sizes[i]);
		assert_int_equal(hypervisor.asked, HV_OBJECT_LOG);
		assert_memory_equal(buffer, hypervisor.object, sizes[i]);
	}
}

static void objects_in_small_parts(void **state)
{
	uint8_t buffer[100];

	(void)state;
	hypervisor.bytes = 100;
	hypervisor.most = 7;
	assert_int_equal(device_read(DEVICE, HV_OBJECT_CONSOLE, buffer, sizeof(buffer)), 100);
	assert_memory_equal(buffer, hypervisor.object, 100);
}

static void object_that_does_not_fit(void **state)
{
	uint8_t buffer[4096];

	(void)state;
	hypervisor.bytes = 4097;
	assert_int_equal(device_read(DEVICE, HV_OBJECT_LOG, buffer, sizeof(buffer)), -EFBIG);
	hypervisor.bytes = 4096;
	assert_int_equal(device_read(DEVICE, HV_OBJECT_LOG, buffer, sizeof(buffer)), 4096);
}

static void object_of_another_length(void **state)
{
	uint8_t buffer[64];

	(void)state;
	hypervisor.bytes = 63;
	assert_int_equal(device_read_exactly(DEVICE, HV_OBJECT_STATEMENT, buffer, 64), -EPROTO);
	hypervisor.bytes = 65;
	assert_int_equal(device_read_exactly(DEVICE, HV_OBJECT_STATEMENT, buffer, 64), -EPROTO);
	hypervisor.bytes = 64;
	assert_int_equal(device_read_exactly(DEVICE, HV_OBJECT_STATEMENT, buffer, 64), 0);
}

static void errors_come_through(void **state)
{
	struct hk_fresh fresh;
	uint8_t buffer[64];

	(void)state;
	hypervisor.error = EIO;
	assert_int_equal(device_read(DEVICE, HV_OBJECT_LOG, buffer, sizeof(buffer)), -EIO);
	assert_int_equal(device_read_exactly(DEVICE, HV_OBJECT_LOG, buffer, sizeof(buffer)), -EIO);
	assert_int_equal(device_sign(DEVICE, buffer, &fresh), -EIO);
	assert_int_equal(device_open("/nonexistent"), -ENOENT);
}

static void report_is_signed_or_refused(void **state)
{
	struct report report = {.mac.type = REPORT_TYPE, .td_info.xfam = 7};
	struct hk_report signed_report = {.bytes = 1};

	(void)state;
	assert_int_equal(device_quote(DEVICE, &report, &signed_report), 0);
	assert_int_equal(signed_report.td_info.xfam, 7);
	report.mac.type++;
	report.td_info.xfam++;
	assert_int_equal(device_quote(DEVICE, &report, &signed_report), -EINVAL);
	assert_int_equal(signed_report.td_info.xfam, 7);
}

static void more_bytes_than_were_asked_for(void **state)
{
	uint8_t buffer[64];

	(void)state;
	hypervisor.bytes = 64;
	hypervisor.lie = 1;
	assert_int_equal(device_read(DEVICE, HV_OBJECT_LOG, buffer, sizeof(buffer)), -EPROTO);
}

static void statistics_are_of_version_1(void **state)
{
	struct hv_stats stats = {.version = 1, .bytes = sizeof(stats), .uptime_us = 9};
	struct hv_stats got;

	(void)state;
	hypervisor.bytes = sizeof(stats);
	memcpy(hypervisor.object, &stats, sizeof(stats));
	assert_int_equal(device_stats(DEVICE, &got), 0);
	assert_int_equal(got.uptime_us, 9);
	stats.version = 2;
	memcpy(hypervisor.object, &stats, sizeof(stats));
	assert_int_equal(device_stats(DEVICE, &got), -EPROTO);
}

/* Any file that can be opened takes the device's place. */
static const struct sources sources = {.tcg_log = "/nonexistent", .device = "/dev/null"};

static void one_challenge_for_tpm_and_hypervisor(void **state)
{
	const struct challenge challenge = {"cloister-evidence-1", {1, [32] = 2}, 64};
	uint8_t text[19 + 5 * 32] = "cloister-evidence-1";
	struct evidence evidence;
	struct failure failure;
	uint8_t expected[32];

	(void)state;
	hypervisor.bytes = sizeof(struct hk_statement);
	assert_true(evidence_gather(&sources, NULL, &challenge, &evidence, &failure));
	assert_true(evidence.hypervisor);
	assert_memory_equal(&evidence.statement, hypervisor.object, sizeof(evidence.statement));
	assert_int_equal(evidence.fresh.uptime_us, 42);

	text[19] = 1;
	text[19 + 32] = 2;
	sha256(NULL, 0, text + 19 + 64);
	sha256(hypervisor.object, hypervisor.bytes, text + 19 + 96);
	sha256(hypervisor.object, hypervisor.bytes, text + 19 + 128);
	sha256(text, sizeof(text), expected);
	assert_memory_equal(hypervisor.quoted_data, expected, 32);
	assert_memory_equal(hypervisor.signed_data, expected, 32);
	evidence_free(&evidence);
}

static void gather_fails_with(const char *code)
{
	const struct challenge challenge = {.purpose = ""};
	struct evidence evidence;
	struct failure failure;

	assert_false(evidence_gather(&sources, NULL, &challenge, &evidence, &failure));
	assert_int_equal(failure.status, 503);
	assert_string_equal(failure.code, code);
	evidence_free(&evidence);
}

static void hypervisor_that_fails(void **state)
{
	(void)state;
	hypervisor.bytes = sizeof(struct hk_statement);
	hypervisor.sign_error = EKEYREVOKED;
	gather_fails_with("hypervisor-key-wiped");
	hypervisor.sign_error = EBUSY;
	gather_fails_with("hypervisor-failed");
	hypervisor.sign_error = ENODEV;
	gather_fails_with("hypervisor-gone");
	hypervisor.sign_error = 0;
	hypervisor.bytes = sizeof(struct hk_statement) - 1;
	gather_fails_with("hypervisor-failed");
	hypervisor.error = EIO;
	gather_fails_with("hypervisor-failed");
}

static void no_hypervisor(void **state)
{
	const struct sources nowhere = {.tcg_log = "/nonexistent", .device = "/nonexistent"};
	const struct challenge challenge = {.purpose = ""};
	struct evidence evidence;
	struct failure failure;

	(void)state;
	assert_true(evidence_gather(&nowhere, NULL, &challenge, &evidence, &failure));
	assert_false(evidence.hypervisor);
	assert_int_equal(evidence.logs.hv.content.bytes, 0);
	evidence_free(&evidence);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(objects_longer_than_a_page, reset),
		cmocka_unit_test_setup(objects_in_small_parts, reset),
		cmocka_unit_test_setup(object_that_does_not_fit, reset),
		cmocka_unit_test_setup(object_of_another_length, reset),
		cmocka_unit_test_setup(errors_come_through, reset),
		cmocka_unit_test_setup(report_is_signed_or_refused, reset),
		cmocka_unit_test_setup(more_bytes_than_were_asked_for, reset),
		cmocka_unit_test_setup(statistics_are_of_version_1, reset),
		cmocka_unit_test_setup(one_challenge_for_tpm_and_hypervisor, reset),
		cmocka_unit_test_setup(hypervisor_that_fails, reset),
		cmocka_unit_test_setup(no_hypervisor, reset),
	};

	return cmocka_run_group_tests_name("host_lib_device", tests, NULL, NULL);
}
