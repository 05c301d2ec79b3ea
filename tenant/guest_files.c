/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tenant/guest_files.h"

#include <inttypes.h>
#include <stdio.h>

#define FIRMWARE_MAX_BYTES (256u << 20)

bool guest_image_measure(const char *path, struct bytes image, struct tdvf_measure *measure)
{
	uint32_t section;
	const enum tdvf_result result = tdvf_measure(image, measure, &section);

	if (result == TDVF_BAD_SECTION)
		fprintf(stderr, "cloister: %s: section %" PRIu32 ": %s\n", path, section, tdvf_result_text(result));
	else if (result != TDVF_OK)
		fprintf(stderr, "cloister: %s: %s\n", path, tdvf_result_text(result));
	return result == TDVF_OK;
}

static bool look_into(const char *path, struct guest_image *image)
{
	image->kind = shim_image_read(file_bytes(&image->file), &image->binding_at, &image->binding);
	if (image->kind != SHIM_IMAGE_MALFORMED)
		return guest_image_measure(path, file_bytes(&image->file), &image->measure);
	fprintf(stderr, "cloister: %s: guest-shim's marker leads to no binding: the image is damaged, build it again\n",
		path);
	return false;
}

bool guest_image_read(const char *path, struct guest_image *image)
{
	if (!file_read(path, FIRMWARE_MAX_BYTES, &image->file))
		return false;
	if (look_into(path, image))
		return true;
	file_free(&image->file);
	return false;
}

bool guest_files_hash(const char *kernel, const char *initrd, const char *command_line, struct shim_binding *digests)
{
	memcpy(digests->magic, SHIM_BINDING_MAGIC, sizeof(digests->magic));
	sha384_of((struct bytes){(const uint8_t *)command_line, strlen(command_line)}, digests->command_line);
	sha384_of((struct bytes){NULL, 0}, digests->initrd);
	return file_sha384(kernel, digests->kernel) && (initrd[0] == '\0' || file_sha384(initrd, digests->initrd));
}
