/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's image: an ELF64 static PIE. Checked, placed, relocated; pure C. */
#ifndef LOADER_ELF_H
#define LOADER_ELF_H

#include "failure.h"

#define ELF_MAX_SEGMENTS    8u
#define ELF_MAX_IMAGE_BYTES 0x1000000u /* 16 MiB, file and memory */

struct elf_segment {
	uint64_t address; /* in the image, a multiple of 4096 */
	uint64_t memory_bytes;
	uint64_t file_offset;
	uint64_t file_bytes;
	uint32_t flags; /* PF_* */
};

struct elf_image {
	uint64_t bytes; /* memory, to the end of the last PT_LOAD, page-rounded */
	uint64_t entry; /* offset in the image, inside an executable segment */
	uint32_t segment_count;
	struct elf_segment segment[ELF_MAX_SEGMENTS]; /* PT_LOAD, ascending, no two on one page */
	uint64_t dynamic;                             /* offset of PT_DYNAMIC in the image; 0, 0 if there is none */
	uint64_t dynamic_bytes;
};

/** Checks headers and segments against the file's length. */
bool elf_check(const uint8_t *file, size_t file_bytes, struct elf_image *image, struct failure *failure);

/**
 * Copies the segments of a checked file to memory, whose first image->bytes bytes are zero, and relocates them.
 * @memory: where the image is written
 * @base:   the address at which it will run
 */
bool elf_place(const uint8_t *file, const struct elf_image *image, uint8_t *memory, uint64_t base,
	       struct failure *failure);

#endif
