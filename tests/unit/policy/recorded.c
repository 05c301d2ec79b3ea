/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: policy/firmware_learn.c policy/firmware_rules.c policy/judge.c policy/print_text.c policy/tcg_log.c */
/*
 * The answer of a whole host (recorded/, made by 'record'): OVMF's and Linux's log, a quote by swtpm, the loader's
 * launch log, the hypervisor's statement. Its reference values are taken out of the answer itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policy/firmware_learn.h"
#include "policy/launch.h"
#include "policy/statement.h"
#include "policy/judge.h"

#define FOLDER "tests/unit/policy/recorded/"

static struct evidence evidence;
static struct challenge challenge;
static struct policy policy;
static struct known_host known = {.enrolled = true};
static struct launch launch;
static struct tcg_log firmware;

static size_t read_file(const char *path, void *to, size_t size)
{
	FILE *file = fopen(path, "rb");

	if (!file)
		return 0;
	const size_t len = fread(to, 1, size, file);
	fclose(file);
	return len;
}

/* The first program that the firmware measured. */
static struct digest first_program(void)
{
	struct tcg_cursor cursor = tcg_log_events(&firmware);
	struct tcg_event event;

	while (tcg_log_next_of(&cursor, 4, &event))
		if (event.type == 0x80000003)
			return event.sha256;
	return digest_filled(0);
}

static int load(void **state)
{
	static uint8_t answer[64u << 10];
	struct parse_error error;
	struct tpm_public ak;
	uint32_t where;

	(void)state;
	const size_t len = read_file(FOLDER "answer.json", answer, sizeof(answer));
	if (read_file(FOLDER "nonce", challenge.nonce, 32) != 32 ||
	    read_file(FOLDER "channel", challenge.channel, 32) != 32 ||
	    !evidence_parse((struct bytes){answer, len}, NULL, &evidence, &error) ||
	    tcg_log_open(evidence.hv_log.data, &launch.log, &where) != TCG_LOG_OK || !launch_parse(&launch) ||
	    tcg_log_open(evidence.tcg_log.data, &firmware, &where) != TCG_LOG_OK ||
	    !tpm_public_parse(evidence.ak_public, &ak))
		return -1;
	known.ak_name = ak.name;
	policy = (struct policy){
		.loader_count = 1, .image_count = 1, .config_count = 1, .minimum_svn = 1, .firmware_unchecked = true};
	policy.loader[0].authenticode = first_program();
	policy.image[0] = (struct reference_image){
		.sha256 = launch.events[LAUNCH_IMAGE].sha256, .version_text = "0.1.0", .version = 0x000100, .svn = 1};
	policy.config[0] = (struct reference_config){.sha256 = launch.events[LAUNCH_CONFIG].sha256,
						     .text = launch.contents[LAUNCH_CONFIG]};
	return 0;
}

static int unload(void **state)
{
	(void)state;
	evidence_free(&evidence);
	return 0;
}

static void recorded_host_is_accepted(void **state)
{
	struct verdict v;

	(void)state;
	judge(&evidence, &challenge, &policy, &known, &v);
	if (!verdict_accepted(&v))
		verdict_print(&v, stderr, false);
	assert_int_equal(verdict_exit_code(&v), 3);
	assert_int_equal(v.state[STEP_IDENTITY], STEP_PASSED);
	assert_int_equal(v.state[STEP_FIRMWARE], STEP_NOT_EVALUATED);
}

/* Takes the rules over: as text, and read again. */
static void use_rules(json_t *json, struct firmware_rules *rules, void **storage)
{
	struct parse_error error;

	assert_non_null(json);
	char *text = json_dumps(json, 0);
	json_decref(json);
	assert_non_null(text);
	if (!firmware_rules_parse((struct bytes){(uint8_t *)text, strlen(text)}, rules, storage, &error))
		fail_msg("%s %s", error.where, error.what);
	free(text);
}

/* What is learnt of a machine accepts it, and no other. */
static void learnt_rules_accept_this_machine_alone(void **state)
{
	static struct policy strict;
	static struct firmware_rules rules;
	struct verdict v;
	void *storage;
	char why[160];

	(void)state;
	json_t *learnt = firmware_learn(&firmware, "OVMF", why, sizeof(why));
	if (!learnt)
		fail_msg("%s", why);
	use_rules(learnt, &rules, &storage);
	assert_int_equal(rules.pcr0.count, 3);
	assert_int_equal(rules.pcr2.count, 0);
	assert_int_equal(rules.startup_locality, 0);
	assert_int_equal(rules.secure_boot, SECURE_BOOT_OFF);
	strict = policy;
	strict.firmware_unchecked = false;
	strict.firmware = &rules;
	strict.firmware_count = 1;
	judge(&evidence, &challenge, &strict, &known, &v);
	if (!verdict_trusted(&v))
		verdict_print(&v, stderr, false);
	assert_int_equal(verdict_exit_code(&v), 0);
	rules.secure_boot = SECURE_BOOT_ON;
	judge(&evidence, &challenge, &strict, &known, &v);
	assert_int_equal(verdict_exit_code(&v), 17);
	rules.secure_boot = SECURE_BOOT_OFF;
	rules.pcr0.count--;
	judge(&evidence, &challenge, &strict, &known, &v);
	assert_int_equal(verdict_exit_code(&v), 17);
	free(storage);
}

/* A log without the firmware's code: rules of it would accept nothing that step 6 does. */
static void test_not_learnt(void **state)
{
	struct tcg_log other;
	uint32_t where;
	char why[160];

	(void)state;
	assert_int_equal(tcg_log_open(evidence.hv_log.data, &other, &where), TCG_LOG_OK);
	assert_null(firmware_learn(&other, "OVMF", why, sizeof(why)));
	assert_non_null(strstr(why, "PCR 0 has 0 events before its separator"));
}

static void imported_components_become_rules(void **state)
{
	static const char component[] =
		"{\"records\": ["
		"{\"pcr\": 0, \"digests\": [{\"hashAlg\": \"sha1\", \"digest\": \"00\"}, {\"hashAlg\": \"sha256\", "
		"\"digest\": \"1111111111111111111111111111111111111111111111111111111111111111\"}]},"
		"{\"pcr\": 4, \"digests\": [{\"hashAlg\": \"sha256\", "
		"\"digest\": \"2222222222222222222222222222222222222222222222222222222222222222\"}]},"
		"{\"pcr\": 2, \"digests\": [{\"hashAlg\": \"sha256\", "
		"\"digest\": \"3333333333333333333333333333333333333333333333333333333333333333\"}]}]}";
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"records\": []}",
		"{\"records\": [{}]}",
		"{\"records\": [{\"pcr\": 24}]}",
		"{\"records\": [{\"pcr\": 0, \"digests\": [{\"hashAlg\": \"sha256\", \"digest\": \"00\"}]}]}",
		"{\"records\": [{\"pcr\": 0, \"digests\": 7}]}"};
	struct firmware_rules rules;
	void *storage;
	char why[160];

	(void)state;
	use_rules(firmware_import((struct bytes){(const uint8_t *)component, sizeof(component) - 1}, "m", why,
				  sizeof(why)),
		  &rules, &storage);
	assert_int_equal(rules.pcr0.count, 1);
	assert_true(digest_equal(rules.pcr0.digests[0], digest_filled(0x11)));
	assert_int_equal(rules.pcr2.count, 1);
	assert_true(digest_equal(rules.pcr2.digests[0], digest_filled(0x33)));
	free(storage);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why[0] = '\0';
		assert_null(firmware_import((struct bytes){(const uint8_t *)bad[i], strlen(bad[i])}, "m", why,
					    sizeof(why)));
		assert_int_not_equal(why[0], '\0');
	}
}

static void test_other_references(void **state)
{
	static struct policy other;
	struct verdict v;

	(void)state;
	other = policy;
	other.loader[0].authenticode.bytes[0] ^= 1;
	other.image[0].sha256.bytes[0] ^= 1;
	other.config[0].sha256.bytes[0] ^= 1;
	judge(&evidence, &challenge, &other, &known, &v);
	assert_int_equal(v.refusal_count, 3);
	assert_int_equal(v.refusals[0].code, REFUSE_LOADER_MISSING);
	assert_non_null(strstr(v.refusals[0].event_name, "\\EFI\\BOOT\\BOOTX64.EFI"));
	assert_int_equal(v.refusals[1].code, REFUSE_IMAGE);
	assert_int_equal(v.refusals[2].code, REFUSE_CONFIG);
}

static void another_nonce_is_refused(void **state)
{
	struct challenge later = challenge;
	struct verdict v;

	(void)state;
	later.nonce[31] ^= 1;
	judge(&evidence, &later, &policy, &known, &v);
	assert_int_equal(verdict_exit_code(&v), 13);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_host_is_accepted), cmocka_unit_test(learnt_rules_accept_this_machine_alone),
		cmocka_unit_test(test_not_learnt),           cmocka_unit_test(imported_components_become_rules),
		cmocka_unit_test(test_other_references),     cmocka_unit_test(another_nonce_is_refused),
	};

	return cmocka_run_group_tests_name("policy_recorded", tests, load, unload);
}
