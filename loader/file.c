/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files, through EFI_SIMPLE_FILE_SYSTEM_PROTOCOL. */
#include "file.h"

#include "config.h"

static const EFI_GUID file_system_guid = EFI_SIMPLE_FILE_SYSTEM_PROTOCOL_GUID;

EFI_HANDLE file_own_volume(void)
{
	static const EFI_GUID loaded_image = EFI_LOADED_IMAGE_PROTOCOL_GUID;
	const EFI_LOADED_IMAGE *image = uefi_protocol(image_handle, &loaded_image);

	return image ? image->DeviceHandle : NULL;
}

void file_wide_path(const char *path, CHAR16 *to, size_t capacity)
{
	size_t i = 0;

	for (; path[i] && i + 1 < capacity; i++)
		to[i] = (CHAR16)path[i];
	to[i] = 0;
}

EFI_FILE_HANDLE file_open(EFI_HANDLE volume, const char *path)
{
	EFI_SIMPLE_FILE_SYSTEM_PROTOCOL *system = volume ? uefi_protocol(volume, &file_system_guid) : NULL;
	CHAR16 wide[CONFIG_PATH_BYTES];
	EFI_FILE_HANDLE root, file;

	file_wide_path(path, wide, CONFIG_PATH_BYTES);
	if (!system || EFI_ERROR(system->OpenVolume(system, &root)))
		return NULL;
	if (EFI_ERROR(root->Open(root, &file, wide, EFI_FILE_MODE_READ, 0)))
		file = NULL;
	root->Close(root);
	return file;
}

bool file_bytes(EFI_FILE_HANDLE file, uint64_t *bytes)
{
	const uint64_t end = UINT64_MAX; /* UEFI 2.10, 13.5: SetPosition takes this for the end of the file */

	return !EFI_ERROR(file->SetPosition(file, end)) && !EFI_ERROR(file->GetPosition(file, bytes)) &&
	       !EFI_ERROR(file->SetPosition(file, 0));
}

bool file_fill(EFI_FILE_HANDLE file, void *to, uint64_t bytes)
{
	for (uint8_t *at = to; bytes;) {
		UINTN part = bytes;
		if (EFI_ERROR(file->Read(file, &part, at)) || !part || part > bytes)
			return false;
		at += part;
		bytes -= part;
	}
	return true;
}

static bool read_open(EFI_FILE_HANDLE file, const char *path, size_t max_bytes, struct file_content *content,
		      struct failure *failure)
{
	uint64_t bytes;

	if (!file_bytes(file, &bytes))
		return fail(failure, LOADER_E_FILE_READ, "%s", path);
	if (!bytes || bytes > max_bytes)
		return fail(failure, LOADER_E_FILE_SIZE, "%s: %lu bytes, at most %lu", path, bytes, max_bytes);
	content->bytes = bytes;
	content->data = uefi_allocate(bytes);
	if (!content->data)
		return fail(failure, LOADER_E_MEMORY, "%s: %lu bytes", path, bytes);
	return file_fill(file, content->data, bytes) || fail(failure, LOADER_E_FILE_READ, "%s", path);
}

bool file_read(const char *path, size_t max_bytes, struct file_content *content, struct failure *failure)
{
	EFI_FILE_HANDLE file = file_open(file_own_volume(), path);

	if (!file)
		return fail(failure, LOADER_E_FILE_MISSING, "%s, on the loader's own volume", path);
	const bool done = read_open(file, path, max_bytes, content, failure);
	file->Close(file);
	return done;
}
