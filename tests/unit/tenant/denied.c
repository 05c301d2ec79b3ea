/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: tenant/hosts.c tenant/file.c tenant/json_file.c */
/* The list of denied keys: what it denies, and that a list which cannot be looked at is not taken for none. */
#include "tenant/hosts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cmocka.h>

static char folder[64], list[96], found[200];

static int make_folder(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/denied-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(list, sizeof(list), "%s/denied", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	chmod(folder, 0700);
	unlink(list);
	return rmdir(folder);
}

static void write_list(const char *text)
{
	FILE *file = fopen(list, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* What a list says of a host whose digests are of the bytes 11 (EK), 22 (AK), 33 (certificate) and 44 (its key). */
static enum hosts_result judged(const char *directory)
{
	struct enrolled host = {.name = "host"};

	memset(host.ek_name.bytes, 0x11, sizeof(host.ek_name.bytes));
	memset(host.ak_name.bytes, 0x22, sizeof(host.ak_name.bytes));
	memset(host.certificate.bytes, 0x33, sizeof(host.certificate.bytes));
	memset(host.key.bytes, 0x44, sizeof(host.key.bytes));
	return hosts_denied(directory, &host, found, sizeof(found));
}

/* A list of one line: 'digits' times that digit. */
static enum hosts_result judged_line(char digit, size_t digits)
{
	char line[128];

	memset(line, digit, digits);
	strcpy(line + digits, " why\n");
	write_list(line);
	return judged(folder);
}

static void names_and_keys_are_denied(void **state)
{
	(void)state;
	assert_int_equal(judged_line('1', 68), HOSTS_FOUND);
	assert_non_null(strstr(found, "1 why"));
	assert_int_equal(judged_line('2', 68), HOSTS_FOUND);
	assert_int_equal(judged_line('4', 64), HOSTS_FOUND);
	assert_int_equal(judged_line('5', 64), HOSTS_NONE);
	assert_int_equal(judged_line('1', 64), HOSTS_NONE);
	assert_int_equal(judged_line('1', 66), HOSTS_BAD);
}

/* Anybody can make another one of the same contents: of ECDSA's signatures (r, s) and (r, n - s) both are right. */
static void digest_of_a_certificate_denies_nothing(void **state)
{
	(void)state;
	assert_int_equal(judged_line('3', 64), HOSTS_NONE);
}

static void only_what_is_not_there_is_no_list(void **state)
{
	char below[128];

	(void)state;
	assert_int_equal(judged(folder), HOSTS_NONE);
	snprintf(below, sizeof(below), "%s/none", folder);
	assert_int_equal(judged(below), HOSTS_NONE);
	write_list("");
	assert_int_equal(judged(folder), HOSTS_NONE);
	assert_int_equal(judged(list), HOSTS_BAD); /* the folder is a file */
	assert_int_equal(unlink(list), 0);
	assert_int_equal(symlink(list, list), 0);
	assert_int_equal(judged(folder), HOSTS_BAD);
	assert_int_equal(judged(list), HOSTS_BAD); /* the folder is a loop of links */
}

/* Root may search any folder: what gives it that right is dropped, so this is the last test. */
static void folder_that_may_not_be_searched_is_no_empty_one(void **state)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	const struct __user_cap_data_struct none[2] = {{0}};

	(void)state;
	write_list("");
	assert_int_equal(syscall(SYS_capset, &header, none), 0);
	assert_int_equal(chmod(folder, 0400), 0);
	assert_int_equal(judged(folder), HOSTS_BAD);
	assert_int_equal(chmod(folder, 0000), 0);
	assert_int_equal(judged(folder), HOSTS_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_and_keys_are_denied, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(digest_of_a_certificate_denies_nothing, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(only_what_is_not_there_is_no_list, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(folder_that_may_not_be_searched_is_no_empty_one, make_folder,
						remove_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
