/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot targets: a kernel's EFI stub, another boot loader, or the firmware's boot order. */
#include "boot.h"

#include <string.h>

#include "file.h"
#include "initrd.h"

static const EFI_GUID file_system_guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;
static const EFI_GUID device_path_guid = EFI_DEVICE_PATH_PROTOCOL_GUID;
static const EFI_GUID loaded_image_guid = EFI_LOADED_IMAGE_PROTOCOL_GUID;

static bool exists(EFI_HANDLE volume, const char *path)
{
	EFI_FILE_HANDLE file = file_open(volume, path);

	if (file)
		file->Close(file);
	return file != NULL;
}

static CHAR16 lower(CHAR16 c)
{
	return c >= 'A' && c <= 'Z' ? (CHAR16)(c - 'A' + 'a') : c;
}

/* Is this the path from which the firmware started the loader? */
static bool is_loader_itself(const char *path)
{
	const EFI_LOADED_IMAGE *image = uefi_protocol(image_handle, &loaded_image_guid);
	const FILEPATH_DEVICE_PATH *node = image ? (const FILEPATH_DEVICE_PATH *)image->FilePath : NULL;

	if (!node || node->Header.Type != MEDIA_DEVICE_PATH || node->Header.SubType != MEDIA_FILEPATH_DP)
		return false;
	const size_t characters = ((size_t)DevicePathNodeLength(&node->Header) - sizeof(node->Header)) / sizeof(CHAR16);
	for (size_t i = 0; i < characters; i++) {
		CHAR16 c; /* the node's text is packed */
		memcpy(&c, (const uint8_t *)node + sizeof(node->Header) + i * sizeof(c), sizeof(c));
		if (lower(c) != lower((CHAR16)path[i]))
			return false;
		if (!c)
			return true;
	}
	return false;
}

/* The first volume that has the file: the loader's own, unless the path is the loader's, then the others. */
static EFI_HANDLE find_volume(const char *path)
{
	EFI_HANDLE own = file_own_volume(), found = NULL, *volumes;

	if (!is_loader_itself(path) && exists(own, path))
		return own;
	for (UINTN i = 0, count = uefi_handles(&file_system_guid, &volumes); i < count && !found; i++) {
		if (volumes[i] != own && exists(volumes[i], path))
			found = volumes[i];
	}
	uefi_free(volumes);
	return found;
}

/* Firmware that boots fast leaves disks without drivers. */
static void connect_all(void)
{
	EFI_HANDLE *handles;

	for (UINTN i = uefi_handles(NULL, &handles); i--;)
		boot_services->ConnectController(handles[i], NULL, NULL, TRUE);
	uefi_free(handles);
}

static EFI_HANDLE target_volume(const struct config *config)
{
	if (config->boot == CONFIG_BOOT_KERNEL)
		return file_own_volume();
	EFI_HANDLE volume = find_volume(config->chain);
	if (volume)
		return volume;
	connect_all();
	return find_volume(config->chain);
}

static const char *target_path(const struct config *config)
{
	return config->boot == CONFIG_BOOT_KERNEL ? config->kernel : config->chain;
}

bool boot_check(const struct config *config, struct failure *failure)
{
	const bool kernel = config->boot == CONFIG_BOOT_KERNEL;

	if (config->boot == CONFIG_BOOT_FIRMWARE)
		return true;
	if (!exists(target_volume(config), target_path(config)))
		return fail(failure, LOADER_E_FILE_MISSING, "%s, key '%s'", target_path(config),
			    kernel ? "kernel" : "chain");
	if (kernel && *config->initrd && !exists(file_own_volume(), config->initrd))
		return fail(failure, LOADER_E_FILE_MISSING, "%s, key 'initrd'", config->initrd);
	return true;
}

/* Bytes of a device path without its end node. */
static size_t path_bytes(const EFI_DEVICE_PATH *path)
{
	const EFI_DEVICE_PATH *node = path;

	while (!IsDevicePathEnd(node) && DevicePathNodeLength(node) >= (int)sizeof(*node))
		node = NextDevicePathNode(node);
	return (size_t)((const uint8_t *)node - (const uint8_t *)path);
}

/* The volume's device path with a file node; from uefi_allocate. */
static EFI_DEVICE_PATH *file_device_path(EFI_HANDLE volume, const char *path)
{
	const EFI_DEVICE_PATH *prefix = uefi_protocol(volume, &device_path_guid);
	const size_t name_bytes = (strlen(path) + 1) * sizeof(CHAR16);
	const size_t node_bytes = sizeof(EFI_DEVICE_PATH) + name_bytes;
	const size_t prefix_bytes = prefix ? path_bytes(prefix) : 0;
	uint8_t *whole = prefix ? uefi_allocate(prefix_bytes + node_bytes + sizeof(EFI_DEVICE_PATH)) : NULL;

	if (!whole)
		return NULL;
	EFI_DEVICE_PATH *node = (EFI_DEVICE_PATH *)(whole + prefix_bytes);
	EFI_DEVICE_PATH *end = (EFI_DEVICE_PATH *)(whole + prefix_bytes + node_bytes);
	CHAR16 wide[CONFIG_PATH_BYTES];
	memcpy(whole, prefix, prefix_bytes);
	file_wide_path(path, wide, CONFIG_PATH_BYTES);
	memcpy(node + 1, wide, name_bytes);
	node->Type = MEDIA_DEVICE_PATH;
	node->SubType = MEDIA_FILEPATH_DP;
	SetDevicePathNodeLength(node, node_bytes);
	SetDevicePathEndNode(end);
	return (EFI_DEVICE_PATH *)whole;
}

static bool load(const struct config *config, EFI_HANDLE *image, struct failure *failure)
{
	EFI_DEVICE_PATH *path = file_device_path(target_volume(config), target_path(config));

	if (!path)
		return fail(failure, LOADER_E_BOOT_LOAD, "%s: no device path", target_path(config));
	const EFI_STATUS status = boot_services->LoadImage(FALSE, image_handle, path, NULL, 0, image);
	uefi_free(path);
	return !EFI_ERROR(status) ||
	       fail(failure, LOADER_E_BOOT_LOAD, "%s: LoadImage, status 0x%lx", target_path(config), status);
}

/* The kernel's command line: UCS-2, in memory that stays. */
static bool set_command_line(EFI_HANDLE image, const char *command_line, struct failure *failure)
{
	EFI_LOADED_IMAGE *loaded = uefi_protocol(image, &loaded_image_guid);
	const size_t characters = strlen(command_line) + 1;
	CHAR16 *wide = uefi_allocate(characters * sizeof(*wide));

	if (!loaded || !wide)
		return fail(failure, LOADER_E_MEMORY, "command line of %lu characters", characters);
	file_wide_path(command_line, wide, characters);
	loaded->LoadOptions = wide;
	loaded->LoadOptionsSize = (UINT32)(characters * sizeof(*wide));
	return true;
}

bool boot_start(const struct config *config, struct failure *failure)
{
	EFI_HANDLE image = NULL;

	if (config->boot == CONFIG_BOOT_FIRMWARE)
		return true;
	if (!load(config, &image, failure))
		return false;
	if (config->boot == CONFIG_BOOT_KERNEL && (!set_command_line(image, config->cmdline, failure) ||
						   (*config->initrd && !initrd_offer(config->initrd, failure))))
		return false;
	const EFI_STATUS status = boot_services->StartImage(image, NULL, NULL);
	return fail(failure, LOADER_E_BOOT_RETURNED, "%s, status 0x%lx", target_path(config), status);
}
