/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short forms of the boot services. */
#include "uefi.h"

EFI_HANDLE image_handle;
EFI_SYSTEM_TABLE *system_table;
EFI_BOOT_SERVICES *boot_services;

void *uefi_locate(const EFI_GUID *protocol)
{
	void *instance;

	return EFI_ERROR(boot_services->LocateProtocol((EFI_GUID *)protocol, NULL, &instance)) ? NULL : instance;
}

void *uefi_protocol(EFI_HANDLE handle, const EFI_GUID *protocol)
{
	void *instance;

	return EFI_ERROR(boot_services->HandleProtocol(handle, (EFI_GUID *)protocol, &instance)) ? NULL : instance;
}

UINTN uefi_handles(const EFI_GUID *protocol, EFI_HANDLE **handles)
{
	const EFI_LOCATE_SEARCH_TYPE how = protocol ? ByProtocol : AllHandles;
	UINTN count;

	if (EFI_ERROR(boot_services->LocateHandleBuffer(how, (EFI_GUID *)protocol, NULL, &count, handles))) {
		*handles = NULL;
		return 0;
	}
	return count;
}

void *uefi_allocate(UINTN bytes)
{
	void *memory;

	return EFI_ERROR(boot_services->AllocatePool(EfiLoaderData, bytes, &memory)) ? NULL : memory;
}

void uefi_free(void *memory)
{
	if (memory)
		boot_services->FreePool(memory);
}
