/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Gives the machine the FADT of another one, then starts the loader of its volume. \EFI\tests\fadt.bin holds the
 * changes: an offset and a count of 16 bits each, then so many bytes, and so on.
 */
#include <efi.h>
#include <efilib.h>

#define LOADER L"\\EFI\\cloister\\loader.efi"
#define PATCH  L"\\EFI\\tests\\fadt.bin"

/* ACPI 6.5: RSDP 5.2.5.3, XSDT 5.2.8, checksum and length of a table 5.2.6. */
#define RSDP_XSDT    24
#define XSDT_ENTRIES 36

static UINT8 patch[4096];
static UINTN patch_bytes = sizeof(patch);

static UINT32 length(const UINT8 *table)
{
	UINT32 bytes;

	__builtin_memcpy(&bytes, table + 4, sizeof(bytes));
	return bytes;
}

static UINT8 *pointer_at(const UINT8 *at)
{
	UINT8 *pointer;

	__builtin_memcpy(&pointer, at, sizeof(pointer));
	return pointer;
}

static UINT8 *find_fadt(void)
{
	EFI_GUID acpi = ACPI_20_TABLE_GUID;
	UINT8 *rsdp = NULL;

	if (EFI_ERROR(LibGetSystemConfigurationTable(&acpi, (void **)&rsdp)))
		return NULL;
	const UINT8 *xsdt = pointer_at(rsdp + RSDP_XSDT);

	for (UINT32 at = XSDT_ENTRIES; at < length(xsdt); at += 8) {
		UINT8 *table = pointer_at(xsdt + at);

		if (CompareMem(table, "FACP", 4) == 0)
			return table;
	}
	return NULL;
}

static EFI_STATUS read_patch(EFI_HANDLE volume)
{
	EFI_FILE_HANDLE root = LibOpenRoot(volume), file;
	EFI_STATUS status = root ? root->Open(root, &file, PATCH, EFI_FILE_MODE_READ, 0) : EFI_NOT_FOUND;

	return EFI_ERROR(status) ? status : file->Read(file, &patch_bytes, patch);
}

static EFI_STATUS apply(UINT8 *fadt)
{
	const UINT32 end = length(fadt);
	UINT8 sum = 0;

	for (UINTN at = 0; at + 4 <= patch_bytes;) {
		const UINT32 offset = patch[at] | patch[at + 1] << 8, count = patch[at + 2] | patch[at + 3] << 8;

		if (offset + count > end || at + 4 + count > patch_bytes)
			return EFI_BAD_BUFFER_SIZE;
		CopyMem(fadt + offset, patch + at + 4, count);
		at += 4 + count;
	}
	fadt[9] = 0;
	for (UINT32 i = 0; i < end; i++)
		sum = (UINT8)(sum + fadt[i]);
	fadt[9] = (UINT8)(0x100 - sum);
	return EFI_SUCCESS;
}

EFI_STATUS efi_main(EFI_HANDLE self, EFI_SYSTEM_TABLE *system)
{
	EFI_LOADED_IMAGE *loaded;
	EFI_HANDLE image;

	InitializeLib(self, system);
	EFI_STATUS status = BS->HandleProtocol(self, &LoadedImageProtocol, (void **)&loaded);
	UINT8 *const fadt = find_fadt();

	if (!EFI_ERROR(status))
		status = fadt ? read_patch(loaded->DeviceHandle) : EFI_NOT_FOUND;
	if (!EFI_ERROR(status))
		status = apply(fadt);
	Print(L"FADT patched: %r\n", status);
	if (EFI_ERROR(status))
		return status;
	status = BS->LoadImage(FALSE, self, FileDevicePath(loaded->DeviceHandle, LOADER), NULL, 0, &image);
	return EFI_ERROR(status) ? status : BS->StartImage(image, NULL, NULL);
}
