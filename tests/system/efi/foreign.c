/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An EFI program that is not Cloister's: it starts the loader, so PCR 4 holds something else before it. */
#include <efi.h>
#include <efilib.h>

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *system)
{
	EFI_LOADED_IMAGE *own;
	EFI_HANDLE image;
	EFI_STATUS status;

	InitializeLib(self, system);
	Print(L"foreign: before the loader\n");
	status = BS->HandleProtocol(self, &LoadedImageProtocol, (void **)&own);
	if (!EFI_ERROR(status))
		status = BS->LoadImage(FALSE, self, FileDevicePath(own->DeviceHandle, L"\\EFI\\cloister\\loader.efi"),
				       NULL, 0, &image);
	return EFI_ERROR(status) ? status : BS->StartImage(image, NULL, NULL);
}
