/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory that answers at two addresses: modules whose SPD claims more than they have, or whose address lines are
 * tampered with.
 */
#ifndef LOADER_ALIAS_H
#define LOADER_ALIAS_H

#include "failure.h"

#include <cloister/boot_info.h>

/**
 * Looks for a second address of the region's pages and the pool's: a value written at one address must not be read at
 * any that differs from it in one bit. Every page of the region, and up to ALIAS_POOL_PAGES of the pool, evenly spread;
 * their contents become zero at the start of each. Other memory is only read.
 * @info: region, pool, ram
 */
bool alias_probe(const struct boot_info *info, struct failure *failure);

#define ALIAS_POOL_PAGES 65536u

/** Is the pool so small that alias_probe() looks at each of its pages? */
bool alias_probes_all(const struct boot_info *info);

#endif
