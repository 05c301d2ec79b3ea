/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: loader/uefi.c */
/* Which EFI variables keep the loader from launching. */
#include "loader_test.h"

#include "preboot.h"
#include "uefi.h"

/* The firmware's variables. */
static struct {
	const CHAR16 *name; /* of the only one that there is */
	uint16_t list[64];
	UINTN bytes;
	EFI_STATUS status; /* of every call, if not EFI_SUCCESS */
	unsigned int calls;
} variable;

static bool same(const CHAR16 *a, const CHAR16 *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static EFI_STATUS EFIAPI get_variable(CHAR16 *name, EFI_GUID *guid, UINT32 *attributes, UINTN *bytes, VOID *data)
{
	static const EFI_GUID global = EFI_GLOBAL_VARIABLE;
	(void)attributes;

	variable.calls++;
	assert_memory_equal(guid, &global, sizeof(global));
	if (variable.status != EFI_SUCCESS)
		return variable.status;
	if (!variable.name || !same(variable.name, name))
		return EFI_NOT_FOUND;
	const bool fits = variable.bytes <= *bytes;
	*bytes = variable.bytes;
	if (!fits)
		return EFI_BUFFER_TOO_SMALL;
	memcpy(data, variable.list, variable.bytes);
	return EFI_SUCCESS;
}

static int new_machine(void **state)
{
	static EFI_RUNTIME_SERVICES runtime = {.GetVariable = get_variable};
	static EFI_SYSTEM_TABLE table = {.RuntimeServices = &runtime};
	(void)state;

	memset(&variable, 0, sizeof(variable));
	system_table = &table;
	return 0;
}

static void none_set(void **state)
{
	struct failure failure;
	(void)state;

	assert_true(preboot_check(false, &failure));
	assert_int_equal(variable.calls, 2);
}

static void set(const CHAR16 *name, UINTN bytes)
{
	variable.name = name;
	variable.bytes = bytes;
	variable.list[0] = 0x1a;
}

static void each_is_refused(void **state)
{
	struct failure failure;
	(void)state;

	set(L"DriverOrder", 2);
	assert_fails(preboot_check(false, &failure), failure, "LOADER_E_PREBOOT",
		     "DriverOrder: 1 entries, the first is number 0x1a of Driver####");
	set(L"SysPrepOrder", 4);
	assert_fails(preboot_check(false, &failure), failure, "LOADER_E_PREBOOT",
		     "SysPrepOrder: 2 entries, the first is number 0x1a of SysPrep####");
}

static void a_long_or_odd_list_is_refused(void **state)
{
	struct failure failure;
	(void)state;

	set(L"DriverOrder", sizeof(variable.list));
	assert_fails(preboot_check(false, &failure), failure, "LOADER_E_PREBOOT", "DriverOrder: 64 entries");
	set(L"DriverOrder", 1);
	assert_fails(preboot_check(false, &failure), failure, "LOADER_E_PREBOOT", "DriverOrder: 0 entries");
}

static void empty_is_none(void **state)
{
	struct failure failure;
	(void)state;

	set(L"DriverOrder", 0);
	assert_true(preboot_check(false, &failure));
}

static void no_answer_is_refused(void **state)
{
	struct failure failure;
	(void)state;

	variable.status = EFI_DEVICE_ERROR;
	assert_fails(preboot_check(false, &failure), failure, "LOADER_E_PREBOOT", "DriverOrder, status 0x");
}

static void allowed_by_the_config(void **state)
{
	struct failure failure;
	(void)state;

	set(L"DriverOrder", 2);
	assert_true(preboot_check(true, &failure));
	assert_int_equal(variable.calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(none_set, new_machine),
		cmocka_unit_test_setup(each_is_refused, new_machine),
		cmocka_unit_test_setup(a_long_or_odd_list_is_refused, new_machine),
		cmocka_unit_test_setup(empty_is_none, new_machine),
		cmocka_unit_test_setup(no_answer_is_refused, new_machine),
		cmocka_unit_test_setup(allowed_by_the_config, new_machine),
	};

	return cmocka_run_group_tests_name("loader_preboot", tests, NULL, NULL);
}
