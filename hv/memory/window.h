/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Windows: pages of the hypervisor's address space, some for each CPU, through which one page of
 * other memory is reached for the time of a use. What no window shows is not mapped, so that it
 * cannot be read, not by speculation either.
 */
#ifndef CLOISTER_MEMORY_WINDOW_H
#define CLOISTER_MEMORY_WINDOW_H

#include <stdbool.h>

#include "paging.h"

/* Each CPU has one of each, for one page at a time. */
enum window {
	WINDOW_COPY,    /* window_read() and window_write() */
	WINDOW_RECORDS, /* of the pool's pages */
	WINDOW_DOMAIN,
	WINDOW_TABLE,
	WINDOW_VCPU,
	WINDOW_TARGET,
	WINDOW_CONTROL, /* of the vCPU that runs: AMD-V's VMCB */
	WINDOWS_PER_CPU
};

#define WINDOW_BASE 0xffffff8000000000ull /* the last entry of the top level: far from any identity address */

/**
 * Maps the page of system memory that @page lies in into a closed window.
 * @cpu: the calling CPU's index
 * Returns where it is seen, until window_close().
 */
void *window_open(const struct paging *paging, uint32_t cpu, enum window window, paddr_t page, bool writable);
void window_close(const struct paging *paging, uint32_t cpu, enum window window);

/**
 * Copies @bytes between @buffer and system memory at @address, which must be RAM, must not cross a
 * page and must not be the region: the caller has checked that. @cpu is the calling CPU's index.
 */
void window_read(const struct paging *paging, uint32_t cpu, paddr_t address, void *buffer, uint32_t bytes);
void window_write(const struct paging *paging, uint32_t cpu, paddr_t address, const void *buffer, uint32_t bytes);

#endif
