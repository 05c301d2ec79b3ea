/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files on the volumes that the firmware can read. */
#ifndef LOADER_FILE_H
#define LOADER_FILE_H

#include "failure.h"
#include "uefi.h"

struct file_content {
	uint8_t *data; /* from uefi_allocate */
	size_t bytes;
};

/** The volume that the loader came from, or NULL. */
EFI_HANDLE file_own_volume(void);

/** Opens a file by its path from the volume's root; NULL if it is not there. */
EFI_FILE_HANDLE file_open(EFI_HANDLE volume, const char *path);

/** Length of an open file; false if the firmware does not know it. */
bool file_bytes(EFI_FILE_HANDLE file, uint64_t *bytes);

/** Reads exactly so many bytes from the file's present position. */
bool file_fill(EFI_FILE_HANDLE file, void *to, uint64_t bytes);

/** Reads a whole file of the loader's own volume, 1 to max_bytes long. */
bool file_read(const char *path, size_t max_bytes, struct file_content *content, struct failure *failure);

/** Path as UCS-2, into 'to' with room for 'capacity' characters. */
void file_wide_path(const char *path, CHAR16 *to, size_t capacity);

#endif
