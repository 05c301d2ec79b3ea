/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which pages of the pool are proposed to the hypervisor next. It has no allocator: what it refuses is not free.
 * All functions may sleep.
 */
#ifndef MODULE_POOL_H
#define MODULE_POOL_H

#include <linux/types.h>

#define POOL_LARGE 512u /* pages in 2 MiB */
#define POOL_NONE  (~0ul)

/* Asks the hypervisor how many pages there are. Returns 0, -ENOENT (there is no pool), or another errno. */
int pool_init(void);
void pool_exit(void);

/* Of all kinds, the hypervisor's own included. */
unsigned long pool_pages(void);

/**
 * Sets pages aside for a guest that is to come, though not which.
 * Returns false where so many are not left; then @left says how many are.
 */
bool pool_reserve(unsigned long pages, unsigned long *left);
void pool_unreserve(unsigned long pages);

/* @count pages in a row from a multiple of @align on, which is a power of two. Returns the first one, or POOL_NONE. */
unsigned long pool_take(unsigned long count, unsigned long align);
void pool_give(unsigned long first, unsigned long count);

#endif
