/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words in which a verdict describes a host: each flag of the statement that limits a promise is there. */
#include "policy/verdict.h"

#include <cloister/statement.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	uint32_t flag;
	const char *words;
} SAID[] = {
	{HK_FLAG_DEBUG, "debug"},
	{HK_FLAG_AMD, "AMD-V"},
	{HK_FLAG_WEAK_BINDING, "weak binding"},
	{HK_FLAG_NO_TPM, "without a TPM"},
	{HK_FLAG_FLOOR_CLOSED, "platform floor closed"},
	{HK_FLAG_SMT_EXPOSED, "SMT siblings exposed"},
	{HK_FLAG_SLEEP_UNWATCHED, "sleep registers unwatched"},
	{HK_FLAG_ALIAS_UNCHECKED, "memory aliases unchecked"},
};

static void describe(uint32_t flags, char text[256])
{
	const struct verdict verdict = {.facts = {.flags = flags, .cpus = 2}};

	verdict_describe(&verdict, text, 256);
}

static void each_flag_is_said_and_no_other(void **state)
{
	char text[256];
	(void)state;

	for (size_t i = 0; i < sizeof(SAID) / sizeof(SAID[0]); i++) {
		describe(SAID[i].flag, text);
		assert_non_null(strstr(text, SAID[i].words));
		describe(~SAID[i].flag & HK_FLAG_ALL, text);
		assert_null(strstr(text, SAID[i].words));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_flag_is_said_and_no_other)};

	return cmocka_run_group_tests_name("policy_verdict", tests, NULL, NULL);
}
