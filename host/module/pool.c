/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pool.h"

#include <linux/bitmap.h>
#include <linux/cleanup.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "hypercall.h"

#define RECORDS_PER_PAGE 512ul /* of pages, in the pool's first ones */

static DEFINE_MUTEX(lock);
static unsigned long *taken; /* a bit for each page */
static unsigned long pages, reserved, first_free;

int pool_init(void)
{
	struct hv_stats *stats __free(kfree) = kzalloc(PAGE_SIZE, GFP_KERNEL); /* a buffer in one page */

	if (!stats)
		return -ENOMEM;
	if (hypercall(HC_READ, HV_OBJECT_STATS, 0, virt_to_phys(stats), sizeof(*stats)) != sizeof(*stats))
		return -EIO;
	pages = stats->pool_bytes / PAGE_SIZE;
	if (pages == 0)
		return -ENOENT;
	taken = vcalloc(BITS_TO_LONGS(pages), sizeof(long));
	if (!taken)
		return -ENOMEM;
	reserved = DIV_ROUND_UP(pages, RECORDS_PER_PAGE);
	bitmap_set(taken, 0, reserved);
	return 0;
}

void pool_exit(void)
{
	vfree(taken);
}

unsigned long pool_pages(void)
{
	return pages;
}

bool pool_reserve(unsigned long count, unsigned long *left)
{
	guard(mutex)(&lock);
	*left = pages - reserved;
	if (count > *left)
		return false;
	reserved += count;
	return true;
}

void pool_unreserve(unsigned long count)
{
	guard(mutex)(&lock);
	reserved -= count;
}

/* First fit: small takings fill what is left between large ones. */
unsigned long pool_take(unsigned long count, unsigned long align)
{
	unsigned long first;

	guard(mutex)(&lock);
	first_free = find_next_zero_bit(taken, pages, first_free);
	first = bitmap_find_next_zero_area(taken, pages, first_free, count, align - 1);
	if (first >= pages || count > pages - first)
		return POOL_NONE;
	bitmap_set(taken, first, count);
	return first;
}

void pool_give(unsigned long first, unsigned long count)
{
	guard(mutex)(&lock);
	bitmap_clear(taken, first, count);
	first_free = min(first_free, first);
}
