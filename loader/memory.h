/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Physical memory, as the firmware hands it out and describes it. */
#ifndef LOADER_MEMORY_H
#define LOADER_MEMORY_H

#include "failure.h"

#include <cloister/boot_info.h>

/* The firmware's memory map at one moment. */
struct memory_map {
	uint8_t *data;
	uint64_t bytes;
	uint64_t stride; /* from one descriptor to the next */
};

bool memory_map_read(struct memory_map *map, struct failure *failure);

/** acpi_view.read over a struct memory_map: copies from an address that the map, or the first MiB, contains. */
bool memory_map_copy(const void *map, uint64_t address, void *to, size_t bytes);

/** Fills ram and ram_count: everything that becomes the operating system's memory, the firmware's own data included. */
bool memory_map_ram(const struct memory_map *map, struct boot_info *info, struct failure *failure);

/**
 * Reserves contiguous memory for good (EfiUnusableMemory), on a boundary of 2 MiB.
 * @bytes: a multiple of 2 MiB
 */
bool memory_reserve(uint64_t bytes, enum loader_error error, struct boot_range *range, struct failure *failure);

/** Gives back what memory_reserve took; *range is empty afterwards, or was before. */
void memory_release(struct boot_range *range);

/** Lets code run there, on firmware that protects data pages. */
bool memory_allow_execution(uint64_t base, uint64_t bytes, struct failure *failure);

/**
 * Asks the firmware to wipe memory at the next reset (TCG Platform Reset Attack Mitigation), and locks that request
 * until then.
 * Returns what the firmware lacks for it, or NULL.
 */
const char *memory_wipe_at_reset(void);

#endif
