/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain_host.h"

#include <string.h>

#include "fuzz/shared/promise.h"

#include "memory/window.h"

static struct {
	bool open[2][WINDOWS_PER_CPU];
	struct host *host;
} windows;

/* Records through their window, and no page that is free through any. */
static void check_kind(const struct host *host, enum window window, uint32_t page)
{
	const uint64_t record = host_record(host, page);

	PROMISE(record != PAGE_FREE && (window == WINDOW_RECORDS) == (record == PAGE_RECORDS));
}

void *window_open(const struct paging *paging, uint32_t cpu, enum window window, paddr_t page, bool writable)
{
	const struct host *const host = windows.host;
	const uint64_t pool = (uintptr_t)host->pool;

	(void)writable;
	PROMISE(paging == &host->paging && page.value % PAGE_BYTES == 0);
	PROMISE(page.value >= pool && page.value - pool < host->pages * PAGE_BYTES);
	PROMISE(!windows.open[cpu][window]);
	check_kind(host, window, (uint32_t)((page.value - pool) / PAGE_BYTES));
	windows.open[cpu][window] = true;
	if (windows.host->meanwhile)
		windows.host->meanwhile(windows.host, window);
	return region_pointer(page);
}

void window_close(const struct paging *paging, uint32_t cpu, enum window window)
{
	(void)paging;
	PROMISE(windows.open[cpu][window]);
	windows.open[cpu][window] = false;
}

void window_read(const struct paging *paging, uint32_t cpu, paddr_t address, void *buffer, uint32_t bytes)
{
	const struct host *const host = windows.host;

	(void)paging;
	(void)cpu;
	PROMISE(address.value >= (uintptr_t)host->ram);
	PROMISE(address.value - (uintptr_t)host->ram <= RAM_PAGES * PAGE_BYTES - bytes);
	memcpy(buffer, region_pointer(address), bytes);
	if (host->change_after_read)
		memset(region_pointer(address), 0x3c, bytes); /* the root guest */
}

void host_start(struct host *host, uint32_t pages)
{
	*host = (struct host){
		.pages = pages,
		.pool = aligned_alloc(PAGE_BYTES, pages * PAGE_BYTES),
		.ram = aligned_alloc(PAGE_BYTES, RAM_PAGES * PAGE_BYTES),
	};
	memset(host->pool, 0xa5, pages * PAGE_BYTES);
	for (unsigned i = 0; i < RAM_PAGES * PAGE_BYTES; i++)
		host->ram[i] = (uint8_t)(i * 7 + i / PAGE_BYTES);
	host->machine.boot.pool = (struct boot_range){(uintptr_t)host->pool, pages * PAGE_BYTES};
	host->machine.boot.ram_count = 1;
	host->machine.boot.ram[0] = (struct boot_range){(uintptr_t)host->ram, RAM_PAGES * PAGE_BYTES};
	for (uint32_t i = 0; i < 2; i++)
		host->cpu[i] = (struct cpu){.machine = &host->machine, .index = i};
	host->machine.pool = &host->records;
	host->machine.paging = &host->paging;
	windows.host = host;
	pool_prepare(&host->records, &host->machine.boot.pool);
}

void host_stop(struct host *host)
{
	free(host->pool);
	free(host->ram);
}

int64_t host_call(struct host *host, unsigned cpu, uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx,
		  uint64_t rcx)
{
	const struct hypercall_arguments arguments = {rdi, rsi, rdx, rcx};
	const int64_t result = domain_hypercall(&host->cpu[cpu], number, &arguments);

	for (unsigned i = 0; i < WINDOWS_PER_CPU; i++)
		PROMISE(!windows.open[cpu][i]);
	return result;
}

uint64_t host_ram(const struct host *host, unsigned index)
{
	return (uintptr_t)host->ram + index * PAGE_BYTES;
}

struct domain_params host_params(void)
{
	return (struct domain_params){
		.version = 1,
		.max_vcpus = 2,
		.attributes = DOMAIN_ATTRIBUTES,
		.xfam = 3,
		.ram_count = 2,
		.ram = {{0, 0x1000000}, {0x100000000, 0x200000}},
		.firmware = {0xffc00000, 0x400000},
		.mrconfigid = {1},
		.mrowner = {2},
		.mrownerconfig = {3},
	};
}

int64_t host_create(struct host *host, const struct domain_params *params, uint64_t domain, uint64_t table)
{
	memcpy(host->ram, params, sizeof(*params));
	return host_call(host, 0, HC_DOMAIN_CREATE, host_ram(host, 0), domain, table, 0);
}

uint64_t host_record(const struct host *host, uint32_t page)
{
	return ((const uint64_t *)(const void *)host->pool)[page];
}
