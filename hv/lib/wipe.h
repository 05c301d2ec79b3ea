/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clearing of secrets. */
#ifndef CLOISTER_LIB_WIPE_H
#define CLOISTER_LIB_WIPE_H

#include <stddef.h>

/* Sets memory to zero; the compiler cannot leave it out. */
void secure_wipe(void *memory, size_t bytes);

/*
 * The same, and on return the zeros are in DRAM. A reset invalidates caches without writing them back (SDM vol. 3,
 * table 10-1; APM vol. 2, table 14-1), so a secret wiped only in the cache would come back.
 */
void secure_wipe_through(void *memory, size_t bytes);

#endif
