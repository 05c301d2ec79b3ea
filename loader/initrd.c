/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EFI_LOAD_FILE2_PROTOCOL on the device path LINUX_EFI_INITRD_MEDIA_GUID (Linux,
 * Documentation/admin-guide/efi-stub.rst).
 */
#include "initrd.h"

#include "file.h"

static EFI_FILE_HANDLE initrd_file;
static uint64_t initrd_bytes;

static EFI_STATUS EFIAPI load_initrd(struct _EFI_LOAD_FILE_PROTOCOL *this, EFI_DEVICE_PATH *path, BOOLEAN boot_policy,
				     UINTN *bytes, void *buffer)
{
	(void)this;
	(void)path;
	if (boot_policy)
		return EFI_UNSUPPORTED;
	if (!buffer || *bytes < initrd_bytes) {
		*bytes = initrd_bytes;
		return EFI_BUFFER_TOO_SMALL;
	}
	*bytes = initrd_bytes;
	if (EFI_ERROR(initrd_file->SetPosition(initrd_file, 0)) || !file_fill(initrd_file, buffer, initrd_bytes))
		return EFI_DEVICE_ERROR;
	return EFI_SUCCESS;
}

bool initrd_offer(const char *path, struct failure *failure)
{
	static EFI_GUID device_path_guid = EFI_DEVICE_PATH_PROTOCOL_GUID;
	static EFI_GUID load_file2_guid = {
		0x4006c0c1, 0xfcb3, 0x403e, {0x99, 0x6d, 0x4a, 0x6c, 0x87, 0x24, 0xe0, 0x6d}};
	static EFI_LOAD_FILE_PROTOCOL load_file2 = {load_initrd};
	static struct {
		VENDOR_DEVICE_PATH vendor;
		EFI_DEVICE_PATH end;
	} __attribute__((packed)) media = {
		{{MEDIA_DEVICE_PATH, MEDIA_VENDOR_DP, {sizeof(VENDOR_DEVICE_PATH), 0}},
		 {0x5568e427, 0x68fc, 0x4f3d, {0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68}}},
		{END_DEVICE_PATH_TYPE, END_ENTIRE_DEVICE_PATH_SUBTYPE, {sizeof(EFI_DEVICE_PATH), 0}},
	};
	EFI_HANDLE handle = NULL;

	initrd_file = file_open(file_own_volume(), path);
	if (!initrd_file || !file_bytes(initrd_file, &initrd_bytes))
		return fail(failure, LOADER_E_FILE_READ, "%s", path);
	const EFI_STATUS status = boot_services->InstallMultipleProtocolInterfaces(&handle, &device_path_guid, &media,
										   &load_file2_guid, &load_file2, NULL);
	return !EFI_ERROR(status) ||
	       fail(failure, LOADER_E_BOOT_LOAD, "%s: the firmware refuses it, status 0x%lx", path, status);
}
