/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that somebody else changes while it is read: what is read twice is not the same. */
#ifndef CHANGING_MEMORY_H
#define CHANGING_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/** From now on @change is called before each of the next @accesses accesses to the pages, with its address. */
void changing_memory(uint8_t *pages, size_t bytes, unsigned accesses, void (*change)(uint8_t *at));

/** The memory is as any other again. */
void changing_memory_rests(void);

#endif
