/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives the host bridge an MCHBAR. QEMU's bridge has the register but no memory for it: the registers of the "edu"
 * device on bus 0 serve as such. Then starts the loader of its volume.
 */
#include <efi.h>
#include <efilib.h>

#define LOADER L"\\EFI\\cloister\\loader.efi"

/* PCI 3.0, 3.2.2.3.2; docs/specs/edu.rst of QEMU; Intel 82Q35 data sheet, 5.1.13. */
#define CONFIG_ADDRESS 0xcf8
#define CONFIG_DATA    0xcfc
#define CONFIG_ENABLE  0x80000000u
#define FUNCTIONS      256u
#define BAR_0          0x10u
#define EDU_ID         0x11e81234u
#define MCHBAR         0x48u
#define MCHBAR_ENABLE  1u

static void select(UINT32 function, UINT32 at)
{
	__asm__ volatile("outl %0, %w1" : : "a"(CONFIG_ENABLE | function << 8 | at), "d"(CONFIG_ADDRESS));
}

static UINT32 config_read(UINT32 function, UINT32 at)
{
	UINT32 value;

	select(function, at);
	__asm__ volatile("inl %w1, %0" : "=a"(value) : "d"(CONFIG_DATA));
	return value;
}

static void config_write(UINT32 function, UINT32 at, UINT32 value)
{
	select(function, at);
	__asm__ volatile("outl %0, %w1" : : "a"(value), "d"(CONFIG_DATA));
}

static EFI_STATUS set_mchbar(void)
{
	for (UINT32 function = 0; function < FUNCTIONS; function++) {
		if (config_read(function, 0) != EDU_ID)
			continue;
		config_write(0, MCHBAR, (config_read(function, BAR_0) & ~0xfu) | MCHBAR_ENABLE);
		config_write(0, MCHBAR + 4, 0);
		return EFI_SUCCESS;
	}
	return EFI_NOT_FOUND;
}

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *system)
{
	EFI_LOADED_IMAGE *loaded;
	EFI_HANDLE image;

	InitializeLib(self, system);
	EFI_STATUS status = BS->HandleProtocol(self, &LoadedImageProtocol, (void **)&loaded);

	if (!EFI_ERROR(status))
		status = set_mchbar();
	Print(L"MCHBAR set: %r\n", status);
	if (EFI_ERROR(status))
		return status;
	status = BS->LoadImage(FALSE, self, FileDevicePath(loaded->DeviceHandle, LOADER), NULL, 0, &image);
	return EFI_ERROR(status) ? status : BS->StartImage(image, NULL, NULL);
}
