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

static int enrol(void **state)
{
	const struct enrolled host = {
		.name = "host", .enrolled = "2026-01-01T00:00:00Z", .subject = "s", .issuer = "i", .root = "r"};

	(void)state;
	strcpy(folder, "/tmp/hosts-XXXXXX");
	return mkdtemp(folder) && hosts_write(folder, &host) ? 0 : -1;
}

static int forget(void **state)
{
	char file[96];

	(void)state;
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

	assert_true(hosts_remember(folder, "host", &seen));
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_later_is_remembered, enrol, forget),
		cmocka_unit_test_setup_teardown(what_is_earlier_is_not, enrol, forget),
		cmocka_unit_test_setup_teardown(a_policys_serial_does_not_fall, enrol, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
