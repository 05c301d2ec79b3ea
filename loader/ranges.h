/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lists of memory ranges; pure C. */
#ifndef LOADER_RANGES_H
#define LOADER_RANGES_H

#include <stdint.h>

#include <cloister/boot_info.h>

/**
 * Sorts the list, drops empty ranges and joins those that touch or overlap. No range may wrap around.
 * Returns the new count.
 */
uint32_t ranges_normalise(struct boot_range *list, uint32_t count);

#endif
