/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wraps: device_open ioctl tpm_quote */
/* links: host/attestd/guest_quotes.c host/attestd/hash_tree.c host/attestd/quote_message.c */
/* Quotes for guests: QEMU's messages, the tree of a batch, and what the hypervisor and the TPM are asked for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>

#include "cloister_ioctl.h"
#include "device.h"
#include "guest_quotes.h"

#define FOREIGN 0xff /* the first byte of report data that is of no guest of this boot */

static struct {
	unsigned quotes, opened;
	int error;      /* of the signature of a report */
	int device[16]; /* as it was opened */
	uint8_t signed_data[32], quoted_data[32];
} host;

int __real_device_open(const char *path);
int __wrap_device_open(const char *path);
int __wrap_ioctl(int device, unsigned long command, void *argument);
bool __wrap_tpm_quote(struct tpm *tpm, const uint8_t qualifying_data[32], struct tpm_quote *quote,
		      struct failure *failure);

int __wrap_device_open(const char *path)
{
	assert_in_range(host.opened, 0, sizeof(host.device) / sizeof(host.device[0]) - 1);
	host.device[host.opened] = __real_device_open(path);
	return host.device[host.opened++];
}

static int play_quote(struct cloister_quote *request)
{
	errno = host.error ? host.error : EINVAL;
	if (host.error || request->report.mac.data[0] == FOREIGN)
		return -1;
	request->signed_report = (struct hk_report){.td_info = request->report.td_info};
	memcpy(request->signed_report.data, request->report.mac.data, sizeof(request->signed_report.data));
	return 0;
}

/* The launch log is empty, the statement zeros. */
static int play_read(const struct cloister_read *request)
{
	if (request->object != HV_OBJECT_STATEMENT || request->offset >= sizeof(struct hk_statement))
		return 0;
	memset((void *)(uintptr_t)request->buffer, 0, request->length);
	return (int)request->length;
}

int __wrap_ioctl(int device, unsigned long command, void *argument)
{
	assert_true(device >= 0);
	if (command == CLOISTER_READ)
		return play_read(argument);
	if (command == CLOISTER_QUOTE)
		return play_quote(argument);
	assert_int_equal(command, CLOISTER_SIGN);
	memcpy(host.signed_data, ((struct cloister_sign *)argument)->qualifying_data, 32);
	return 0;
}

bool __wrap_tpm_quote(struct tpm *tpm, const uint8_t qualifying_data[32], struct tpm_quote *quote,
		      struct failure *failure)
{
	(void)tpm;
	(void)failure;
	host.quotes++;
	memcpy(host.quoted_data, qualifying_data, 32);
	quote->attest_length = 1;
	return true;
}

static int reset(void **state)
{
	(void)state;
	memset(&host, 0, sizeof(host));
	return 0;
}

static int all_closed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < host.opened; i++)
		assert_int_equal(fcntl(host.device[i], F_GETFD), -1);
	return 0;
}

/* Any file that can be opened takes the device's place. */
static const struct sources sources = {.tcg_log = "/nonexistent", .device = "/dev/null"};

/* The root by the verifier's way (RFC 9162, 2.1.3.2): from a leaf upwards, with index and count alone. */
static void climb(const uint8_t leaf[32], const struct tree_place *place, uint8_t root[32])
{
	size_t index = place->index, last = place->count - 1;
	uint8_t text[65] = {1};

	memcpy(root, leaf, 32);
	for (size_t i = 0; i < place->path_length; i++) {
		const bool right = (index & 1) != 0 || index == last;

		while (right && (index & 1) == 0 && index != 0) {
			index /= 2;
			last /= 2;
		}
		memcpy(text + (right ? 1 : 33), place->path[i], 32);
		memcpy(text + (right ? 33 : 1), root, 32);
		sha256(text, sizeof(text), root);
		index /= 2;
		last /= 2;
	}
	assert_int_equal(last, 0);
}

static void each_leaf_leads_to_the_root(void **state)
{
	uint8_t leaves[TREE_LEAVES_MAX][32], root[32], found[32];

	(void)state;
	for (uint8_t i = 0; i < TREE_LEAVES_MAX; i++)
		tree_leaf(&i, 1, leaves[i]);
	for (size_t count = 1; count <= TREE_LEAVES_MAX; count++) {
		tree_root(leaves, count, root);
		for (size_t index = 0; index < count; index++) {
			const struct tree_place place = tree_place(leaves, count, index);

			assert_in_range(place.path_length, 0, TREE_PATH_MAX);
			climb(leaves[index], &place, found);
			assert_memory_equal(found, root, 32);
		}
	}
}

/* Of one leaf and of three, written out. */
static void tree_is_that_of_rfc_6962(void **state)
{
	const uint8_t data[3] = {'a', 'b', 'c'};
	uint8_t leaves[3][32], text[65], root[32], expected[32];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const uint8_t leaf[2] = {0, data[i]};

		tree_leaf(&data[i], 1, leaves[i]);
		sha256(leaf, sizeof(leaf), expected);
		assert_memory_equal(leaves[i], expected, 32);
	}
	tree_root(leaves, 1, root);
	assert_memory_equal(root, leaves[0], 32);
	text[0] = 1;
	memcpy(text + 1, leaves, 64);
	sha256(text, sizeof(text), text + 1);
	memcpy(text + 33, leaves[2], 32);
	sha256(text, sizeof(text), expected);
	tree_root(leaves, 3, root);
	assert_memory_equal(root, expected, 32);
}

static void put(uint8_t *message, size_t offset, uint32_t value)
{
	for (size_t i = 0; i < 4; i++)
		message[offset + i] = (uint8_t)(value >> 8 * i);
}

/* As QEMU 11.1 sends it. */
static void fill_request(uint8_t message[QUOTE_REQUEST_BYTES])
{
	memset(message, 0x5a, QUOTE_REQUEST_BYTES);
	put(message, 0, 0x18040000); /* 1048, the other way round */
	put(message, 4, 0x00010001); /* major 1, minor 1 */
	put(message, 8, 0);
	put(message, 12, 1048);
	put(message, 16, 0);
	put(message, 20, 1024);
	put(message, 24, 0);
}

static void requests_are_read_or_refused(void **state)
{
	static const struct {
		size_t offset;
		uint32_t value;
		enum quote_error error;
	} wrong[] = {
		{0, 0x19040000, QUOTE_E_SIZE},
		{0, 1048, QUOTE_E_SIZE},
		{4, 0x00010002, QUOTE_E_VERSION},
		{4, 0x00020001, QUOTE_E_VERSION},
		{8, 1, QUOTE_E_TYPE},
		{12, 1049, QUOTE_E_SIZE},
		{12, 0, QUOTE_E_SIZE},
		{20, 1023, QUOTE_E_SIZE},
		{20, UINT32_MAX, QUOTE_E_SIZE},
		{24, 16, QUOTE_E_SIZE},
	};
	uint8_t message[QUOTE_REQUEST_BYTES];
	struct report report = {0};

	(void)state;
	fill_request(message);
	assert_true(quote_request_length(message));
	assert_int_equal(quote_request_parse(message, &report), QUOTE_OK);
	assert_memory_equal(&report, message + 28, sizeof(report));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		fill_request(message);
		put(message, wrong[i].offset, wrong[i].value);
		assert_int_equal(quote_request_parse(message, &report), wrong[i].error);
	}
}

static void answers_are_as_qemu_reads_them(void **state)
{
	static const uint8_t expected[] = {0, 0, 0, 27, 1, 0, 1, 0, 1, 0, 0, 0, 27,  0,   0,  0,
					   0, 0, 0, 0,  0, 0, 0, 0, 3, 0, 0, 0, 'a', 'b', 'c'};
	static const uint8_t refused[] = {0, 0, 0, 24, 1, 0, 1, 0, 1, 0, 0, 0, 24, 0,
					  0, 0, 3, 32, 1, 0, 0, 0, 0, 0, 0, 0, 0,  0};
	uint8_t answer[QUOTE_ANSWER_BYTES(3)];

	(void)state;
	assert_int_equal(quote_answer(QUOTE_OK, "abc", 3, answer), sizeof(expected));
	assert_memory_equal(answer, expected, sizeof(expected));
	assert_int_equal(quote_answer(QUOTE_E_PARAMETER, NULL, 0, answer), sizeof(refused));
	assert_memory_equal(answer, refused, sizeof(refused));
}

static void fill_quotes(struct guest_quote *quotes, size_t count)
{
	memset(quotes, 0, count * sizeof(*quotes));
	for (size_t i = 0; i < count; i++)
		quotes[i].report.mac.data[0] = (uint8_t)i;
}

static json_t *parsed(const struct guest_quote *quote)
{
	json_t *root = json_loadb(quote->evidence.body, quote->evidence.bytes, JSON_REJECT_DUPLICATES, NULL);

	assert_non_null(root);
	return root;
}

static void expect_place(struct guest_quote *quote, int index, int count, size_t path)
{
	json_t *root = parsed(quote), *batch = json_object_get(root, "batch");

	assert_int_equal(quote->error, QUOTE_OK);
	assert_in_range(quote->evidence.bytes, 1, QUOTE_MAX_BYTES);
	assert_int_equal(json_object_size(root), 11);
	assert_int_equal(json_integer_value(json_object_get(batch, "index")), index);
	assert_int_equal(json_integer_value(json_object_get(batch, "count")), count);
	assert_int_equal(json_array_size(json_object_get(batch, "path")), path);
	assert_null(json_object_get(json_object_get(root, "tcg_log"), "data"));
	json_decref(root);
	reply_free(&quote->evidence);
}

/* One that is none of this boot costs the others nothing. */
static void guests_share_a_quote(void **state)
{
	struct guest_quote quotes[4];
	uint8_t leaves[3][32], expected[32], text[16 + 4 * 32] = "cloister-guest-1";
	struct failure failure;

	(void)state;
	fill_quotes(quotes, 4);
	quotes[1].report.mac.data[0] = FOREIGN;
	assert_true(guest_quotes_make(&sources, NULL, quotes, 4, &failure));
	assert_int_equal(host.quotes, 1);
	assert_int_equal(quotes[1].error, QUOTE_E_PARAMETER);
	assert_null(quotes[1].evidence.body);
	tree_leaf(&quotes[0].signed_report, sizeof(struct hk_report), leaves[0]);
	tree_leaf(&quotes[2].signed_report, sizeof(struct hk_report), leaves[1]);
	tree_leaf(&quotes[3].signed_report, sizeof(struct hk_report), leaves[2]);
	tree_root(leaves, 3, text + 16);
	sha256(NULL, 0, text + 48);
	sha256(NULL, 0, text + 80);
	sha256(&(struct hk_statement){0}, sizeof(struct hk_statement), text + 112);
	sha256(text, sizeof(text), expected);
	assert_memory_equal(host.quoted_data, expected, 32);
	assert_memory_equal(host.signed_data, expected, 32);
	expect_place(&quotes[0], 0, 3, 2);
	expect_place(&quotes[2], 1, 3, 2);
	expect_place(&quotes[3], 2, 3, 1);
}

static void foreign_reports_need_no_tpm(void **state)
{
	struct guest_quote quote;
	struct failure failure;

	(void)state;
	fill_quotes(&quote, 1);
	quote.report.mac.data[0] = FOREIGN;
	assert_true(guest_quotes_make(&sources, NULL, &quote, 1, &failure));
	assert_int_equal(quote.error, QUOTE_E_PARAMETER);
	assert_int_equal(host.quotes, 0);
}

static void full_batch_fits(void **state)
{
	static struct guest_quote quotes[GUEST_QUOTES_MAX];
	struct failure failure;

	(void)state;
	fill_quotes(quotes, GUEST_QUOTES_MAX);
	assert_true(guest_quotes_make(&sources, NULL, quotes, GUEST_QUOTES_MAX, &failure));
	assert_int_equal(host.quotes, 1);
	assert_int_equal(host.opened, 4); /* for the reports; for the log, the statement and the fresh signature */
	for (int i = 0; i < (int)GUEST_QUOTES_MAX; i++)
		expect_place(&quotes[i], i, GUEST_QUOTES_MAX, 6);
}

static void wiped_key_is_told_to_all(void **state)
{
	struct guest_quote quotes[2];
	struct failure failure;

	(void)state;
	fill_quotes(quotes, 2);
	host.error = EKEYREVOKED;
	assert_false(guest_quotes_make(&sources, NULL, quotes, 2, &failure));
	assert_string_equal(failure.code, "hypervisor-key-wiped");
	assert_int_equal(quotes[0].error, QUOTE_E_UNEXPECTED);
	assert_int_equal(quotes[1].error, QUOTE_E_UNEXPECTED);
}

static void no_hypervisor_is_told_to_all(void **state)
{
	const struct sources bare = {.tcg_log = "/nonexistent", .device = "/nonexistent"};
	struct guest_quote quotes[2];
	struct failure failure;

	(void)state;
	fill_quotes(quotes, 2);
	assert_false(guest_quotes_make(&bare, NULL, quotes, 2, &failure));
	assert_string_equal(failure.code, "hypervisor-failed");
	assert_int_equal(quotes[0].error, QUOTE_E_UNEXPECTED);
	assert_int_equal(quotes[1].error, QUOTE_E_UNEXPECTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_leaf_leads_to_the_root),
		cmocka_unit_test(tree_is_that_of_rfc_6962),
		cmocka_unit_test(requests_are_read_or_refused),
		cmocka_unit_test(answers_are_as_qemu_reads_them),
		cmocka_unit_test_setup_teardown(guests_share_a_quote, reset, all_closed),
		cmocka_unit_test_setup_teardown(foreign_reports_need_no_tpm, reset, all_closed),
		cmocka_unit_test_setup_teardown(full_batch_fits, reset, all_closed),
		cmocka_unit_test_setup_teardown(wiped_key_is_told_to_all, reset, all_closed),
		cmocka_unit_test_setup_teardown(no_hypervisor_is_told_to_all, reset, all_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
