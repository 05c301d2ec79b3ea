/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A page that comes when the test says so: the call that reads it waits in the kernel until then (userfaultfd(2)). */
#ifndef KVM_SLOW_PAGE_H
#define KVM_SLOW_PAGE_H

#include <stdbool.h>
#include <stddef.h>

struct slow_page {
	int faults; /* userfaultfd */
	void *page;
};

/* False: errno says why; ENOSYS where the kernel is built without. */
bool slow_page_make(struct slow_page *slow);

/* Waits until somebody waits for the page. */
bool slow_page_is_read(const struct slow_page *slow);

/* It begins with @bytes of @contents. */
bool slow_page_give(const struct slow_page *slow, const void *contents, size_t bytes);

void slow_page_end(struct slow_page *slow);

#endif
