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

static void the_pool_is_said_where_there_is_one(void **state)
{
	struct verdict verdict = {.facts = {.cpus = 2, .pool_mib = 16777214}};
	char text[VERDICT_DESCRIPTION];

	(void)state;
	verdict_describe(&verdict, text, sizeof(text));
	assert_non_null(strstr(text, ", 16777214 MiB for protected guests"));
	verdict.facts.pool_mib = 0;
	verdict_describe(&verdict, text, sizeof(text));
	assert_null(strstr(text, "protected guests"));
}

/* The longest one ends with its last word. */
static void everything_is_said_at_once(void **state)
{
	const struct verdict verdict = {.facts = {.version = UINT32_MAX,
						  .svn = UINT32_MAX,
						  .flags = HK_FLAG_ALL & ~HK_FLAG_AMD,
						  .cpus = UINT32_MAX,
						  .pool_mib = UINT32_MAX,
						  .dma_units = UINT32_MAX}};
	char text[VERDICT_DESCRIPTION];

	(void)state;
	verdict_describe(&verdict, text, sizeof(text));
	assert_non_null(strstr(text, "started without a TPM"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_flag_is_said_and_no_other),
		cmocka_unit_test(the_pool_is_said_where_there_is_one),
		cmocka_unit_test(everything_is_said_at_once),
	};

	return cmocka_run_group_tests_name("policy_verdict", tests, NULL, NULL);
}
