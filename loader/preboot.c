/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Drivers and programs that the firmware starts before the boot order. */
#include "preboot.h"

#include <string.h>

#include "uefi.h"

#define MAX_ENTRIES 32u /* of which the first is named; a longer list is refused too */

static const EFI_GUID global_variable = EFI_GLOBAL_VARIABLE;

/* UEFI 2.10, 3.3: lists of 16-bit numbers, "DriverOrder" for "Driver####" and so on. */
static const struct {
	CHAR16 *variable;
	const char *name;
	const char *entry;
} orders[] = {
	{L"DriverOrder", "DriverOrder", "Driver"},
	{L"SysPrepOrder", "SysPrepOrder", "SysPrep"},
};

/* A variable that cannot be read counts as set. */
static bool check_order(size_t which, struct failure *failure)
{
	uint16_t list[MAX_ENTRIES] = {0};
	UINTN bytes = sizeof(list);
	const EFI_STATUS status = system_table->RuntimeServices->GetVariable(
		orders[which].variable, (EFI_GUID *)&global_variable, NULL, &bytes, list);

	if (status == EFI_NOT_FOUND || (!EFI_ERROR(status) && bytes == 0))
		return true;
	if (EFI_ERROR(status) && status != EFI_BUFFER_TOO_SMALL)
		return fail(failure, LOADER_E_PREBOOT, "EFI variable %s, status 0x%lx", orders[which].name, status);
	if (EFI_ERROR(status))
		return fail(failure, LOADER_E_PREBOOT, "EFI variable %s: %lu entries", orders[which].name,
			    bytes / sizeof(list[0]));
	return fail(failure, LOADER_E_PREBOOT, "EFI variable %s: %lu entries, the first is number 0x%x of %s####",
		    orders[which].name, bytes / sizeof(list[0]), list[0], orders[which].entry);
}

bool preboot_check(bool allowed, struct failure *failure)
{
	for (size_t i = 0; !allowed && i < sizeof(orders) / sizeof(orders[0]); i++)
		if (!check_order(i, failure))
			return false;
	return true;
}
