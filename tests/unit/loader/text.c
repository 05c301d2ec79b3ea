/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The formatter, and the texts of failures. */
#include <cloister/errors.h>

#include "loader_test.h"

#include "text.h"

static void every_conversion_is_formatted(void **state)
{
	char text[96];
	(void)state;

	text_format(text, sizeof(text), "%s %u %x %lu %lx %%", "a", 4294967295u, 0xdeadbeefu, UINT64_MAX, UINT64_MAX);
	assert_string_equal(text, "a 4294967295 deadbeef 18446744073709551615 ffffffffffffffff %");
	assert_int_equal(text_format(text, sizeof(text), "%u", 0u), 1);
	assert_string_equal(text, "0");
}

static void cut_to_fit(void **state)
{
	char text[5] = "....";
	(void)state;

	assert_int_equal(text_format(text, 4, "%s", "abcdef"), 3);
	assert_string_equal(text, "abc");
	assert_int_equal(text_format(text, 1, "%u", 7u), 0);
	assert_string_equal(text, "");
}

static void failures_have_name_and_place(void **state)
{
	struct failure failure;
	char text[FAILURE_TEXT_BYTES];
	(void)state;

	assert_fails(fail_hv(&failure, 3, "CPU %u", 1u), failure, "HV_E_NO_SVM", "CPU 1");
	assert_fails(fail_hv(&failure, HV_E_SVM_LOCKED, "CPU %u", 0u), failure, "HV_E_SVM_LOCKED", "CPU 0");
	assert_string_equal(failure.what, "SVM is switched off and locked in VM_CR");
	assert_string_equal(failure.next, "enable SVM (AMD-V) in the firmware setup");
	assert_fails(fail_hv(&failure, 4711, "CPU %u", 1u), failure, "HV_E_UNKNOWN", "CPU 1: error 4711");
	assert_false(fail(&failure, LOADER_E_MP, "%s", "here"));
	failure_text(&failure, text, sizeof(text));
	assert_string_equal(text, "LOADER_E_MP: the firmware offers no EFI_MP_SERVICES_PROTOCOL: here");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_conversion_is_formatted),
		cmocka_unit_test(cut_to_fit),
		cmocka_unit_test(failures_have_name_and_place),
	};

	return cmocka_run_group_tests_name("loader_text", tests, NULL, NULL);
}
