/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's image: whatever the file says, nothing outside the image's memory is written. */
#include "elf.h"
#include "fuzz/shared/harness.h"

#define MEMORY_BYTES 0x40000u
#define GUARD_BYTES  64u
#define GUARD        0xa5

void fuzz_one(struct bytes input)
{
	static uint8_t memory[MEMORY_BYTES + GUARD_BYTES];
	struct elf_image image;
	struct failure failure;

	if (!elf_check(input.data, input.len, &image, &failure))
		return;
	PROMISE(image.bytes % 4096 == 0 && image.bytes <= ELF_MAX_IMAGE_BYTES && image.entry < image.bytes);
	if (image.bytes > MEMORY_BYTES)
		return;
	memset(memory, 0, image.bytes);
	memset(memory + image.bytes, GUARD, GUARD_BYTES);
	elf_place(input.data, &image, memory, 0x7e000000, &failure);
	for (size_t i = 0; i < GUARD_BYTES; i++)
		PROMISE(memory[image.bytes + i] == GUARD);
}
