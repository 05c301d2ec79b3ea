/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tenant/file.c tenant/json_file.c */
/* What is remembered of a host: it goes on, and never back, whoever else has seen the host meanwhile. */
#include "tenant/hosts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];
static const struct tpm_name KEY = {{0, 0x0b, 1}}, OTHER_KEY = {{0, 0x0b, 2}};

static int enrol(void **state)
{
	const struct enrolled host = {.name = "host",
				      .ak_name = KEY,
				      .enrolled = "2026-01-01T00:00:00Z",
				      .subject = "s",
				      .issuer = "i",
				      .root = "r"};

	(void)state;
	strcpy(folder, "/tmp/hosts-XXXXXX");
	return mkdtemp(folder) && hosts_write(folder, &host) ? 0 : -1;
}

static int forget(void **state)
{
	char file[96];

	(void)state;
	snprintf(file, sizeof(file), "%s/pinned.json", folder);
	unlink(file);
	snprintf(file, sizeof(file), "%s/host.json", folder);
	return unlink(file) == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static struct host_memory memory(uint32_t reset_count, uint64_t clock_ms, uint64_t policy_serial)
{
	return (struct host_memory){
		.seen = true, .reset_count = reset_count, .clock_ms = clock_ms, .policy_serial = policy_serial};
}

/* Remembers it; returns what is then remembered. */
static struct host_memory remembered(struct host_memory seen)
{
	struct enrolled host;

	assert_true(hosts_remember(folder, "host", &KEY, false, &seen));
	assert_int_equal(hosts_read(folder, "host", &host), HOSTS_FOUND);
	return host.memory;
}

static void what_is_later_is_remembered(void **state)
{
	(void)state;
	assert_int_equal(remembered(memory(5, 1000, 1)).clock_ms, 1000);
	assert_int_equal(remembered(memory(5, 1001, 1)).clock_ms, 1001);
	assert_int_equal(remembered(memory(6, 1002, 1)).reset_count, 6);
}

static void what_is_earlier_is_not(void **state)
{
	(void)state;
	(void)remembered(memory(5, 1000, 1));
	assert_int_equal(remembered(memory(5, 999, 1)).clock_ms, 1000);
	assert_int_equal(remembered(memory(4, 2000, 1)).reset_count, 5);
}

static void a_policys_serial_does_not_fall(void **state)
{
	(void)state;
	(void)remembered(memory(5, 1000, 9));
	const struct host_memory later = remembered(memory(5, 2000, 8));

	assert_int_equal(later.policy_serial, 9);
	assert_int_equal(later.clock_ms, 2000);
	assert_int_equal(remembered(memory(5, 3000, 10)).policy_serial, 10);
}

static void only_the_enrolled_key_is_remembered(void **state)
{
	const struct host_memory seen = memory(9, 9000, 9);
	struct enrolled host;

	(void)state;
	(void)remembered(memory(5, 1000, 1));
	assert_false(hosts_remember(folder, "host", &OTHER_KEY, false, &seen));
	assert_false(hosts_remember(folder, "host", &OTHER_KEY, true, &seen));
	assert_int_equal(hosts_read(folder, "host", &host), HOSTS_FOUND);
	assert_int_equal(host.memory.reset_count, 5);
	assert_memory_equal(host.ak_name.bytes, KEY.bytes, TPM_NAME_BYTES);
}

/* Remembers it of a host whose key a policy pins; returns all that is then known. */
static struct enrolled pinned(const struct tpm_name *key, struct host_memory seen)
{
	struct enrolled host;

	assert_true(hosts_remember(folder, "pinned", key, true, &seen));
	assert_int_equal(hosts_read(folder, "pinned", &host), HOSTS_FOUND);
	assert_true(host.by_policy);
	assert_memory_equal(host.ak_name.bytes, key->bytes, TPM_NAME_BYTES);
	return host;
}

static void a_pinned_host_is_remembered(void **state)
{
	(void)state;
	assert_int_equal(pinned(&KEY, memory(5, 1000, 9)).memory.clock_ms, 1000);
	assert_int_equal(pinned(&KEY, memory(5, 999, 3)).memory.clock_ms, 1000);
	assert_int_equal(pinned(&KEY, memory(5, 1001, 3)).memory.policy_serial, 9);
}

/* Its counters count from where they are, but the policy is the tenant's, whatever the TPM. */
static void another_pinned_key_has_other_counters(void **state)
{
	(void)state;
	(void)pinned(&KEY, memory(5, 1000, 9));
	const struct host_memory other = pinned(&OTHER_KEY, memory(2, 20, 3)).memory;

	assert_int_equal(other.reset_count, 2);
	assert_int_equal(other.clock_ms, 20);
	assert_int_equal(other.policy_serial, 9);
}

static void who_is_neither_enrolled_nor_pinned_is_not_remembered(void **state)
{
	const struct host_memory seen = memory(5, 1000, 1);
	struct enrolled host;

	(void)state;
	assert_false(hosts_remember(folder, "pinned", &KEY, false, &seen));
	assert_int_equal(hosts_read(folder, "pinned", &host), HOSTS_NONE);
}

static void without_a_place_nothing_is_remembered(void **state)
{
	const struct host_memory seen = memory(5, 1000, 1);

	(void)state;
	assert_false(hosts_remember(NULL, "pinned", &KEY, true, &seen));
	assert_false(hosts_remember(folder, "", &KEY, true, &seen));
	assert_false(hosts_remember("/dev/null/store", "pinned", &KEY, true, &seen));
}

static void the_store_is_made(void **state)
{
	const struct host_memory seen = memory(5, 1000, 1);
	char inner[96], file[128];

	(void)state;
	snprintf(inner, sizeof(inner), "%s/inner", folder);
	snprintf(file, sizeof(file), "%s/pinned.json", inner);
	assert_true(hosts_remember(inner, "pinned", &KEY, true, &seen));
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(inner), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_later_is_remembered, enrol, forget),
		cmocka_unit_test_setup_teardown(what_is_earlier_is_not, enrol, forget),
		cmocka_unit_test_setup_teardown(a_policys_serial_does_not_fall, enrol, forget),
		cmocka_unit_test_setup_teardown(only_the_enrolled_key_is_remembered, enrol, forget),
		cmocka_unit_test_setup_teardown(a_pinned_host_is_remembered, enrol, forget),
		cmocka_unit_test_setup_teardown(another_pinned_key_has_other_counters, enrol, forget),
		cmocka_unit_test_setup_teardown(who_is_neither_enrolled_nor_pinned_is_not_remembered, enrol, forget),
		cmocka_unit_test_setup_teardown(without_a_place_nothing_is_remembered, enrol, forget),
		cmocka_unit_test_setup_teardown(the_store_is_made, enrol, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
