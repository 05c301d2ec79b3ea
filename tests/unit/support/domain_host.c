/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "domain_host.h"

#include <string.h>

#include "fuzz/shared/promise.h"

#include "domain/vcpu.h"
#include "memory/window.h"
#include "vcpu/guest.h"

#define LARGE 0x200000ull

static struct {
	bool open[2][WINDOWS_PER_CPU];
	struct host *host;
} windows;

void cpu_kick(struct cpu *cpu)
{
	struct host *const host = windows.host;

	PROMISE(cpu == &host->cpu[0] || cpu == &host->cpu[1]);
	host->kicks[cpu->index]++;
}

void vcpu_guest_flush(paddr_t control)
{
	windows.host->flushed = control;
}

/* Records through their window, no page that is free through any, and none of another domain. */
static void check_kind(const struct host *host, enum window window, uint32_t page)
{
	const uint64_t record = host_record(host, page);

	PROMISE(record != PAGE_FREE && (window == WINDOW_RECORDS) == (record == PAGE_RECORDS));
	PROMISE(window == WINDOW_RECORDS || host->domain == 0 || record >> 32 == host->domain);
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

void window_write(const struct paging *paging, uint32_t cpu, paddr_t address, const void *buffer, uint32_t bytes)
{
	const struct host *const host = windows.host;

	(void)paging;
	(void)cpu;
	PROMISE(address.value >= (uintptr_t)host->ram);
	PROMISE(address.value - (uintptr_t)host->ram <= RAM_PAGES * PAGE_BYTES - bytes);
	memcpy(region_pointer(address), buffer, bytes);
}

/* Its CPU has x87 and SSE. */
struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	if (leaf == 0)
		return (struct cpuid_result){.eax = 0xd};
	return leaf == 0xd ? (struct cpuid_result){.eax = 3, .ebx = 576, .ecx = 576} : (struct cpuid_result){0};
}

void host_start(struct host *host, uint32_t pages)
{
	*host = (struct host){
		.pages = pages,
		.memory = aligned_alloc(LARGE, LARGE + (pages * PAGE_BYTES + LARGE - 1) / LARGE * LARGE),
		.ram = aligned_alloc(PAGE_BYTES, RAM_PAGES * PAGE_BYTES),
	};
	host->pool = host->memory + LARGE - HOST_RUN * PAGE_BYTES;
	memset(host->pool, 0xa5, pages * PAGE_BYTES);
	for (unsigned i = 0; i < RAM_PAGES * PAGE_BYTES; i++)
		host->ram[i] = (uint8_t)(i * 7 + i / PAGE_BYTES);
	host->machine.boot.pool = (struct boot_range){(uintptr_t)host->pool, pages * PAGE_BYTES};
	host->machine.boot.ram_count = 2;
	host->machine.boot.ram[0] = (struct boot_range){(uintptr_t)host->ram, RAM_PAGES * PAGE_BYTES};
	host->machine.boot.ram[1] = (struct boot_range){HOST_FAR_RAM, HOST_FAR_BYTES};
	for (uint32_t i = 0; i < 2; i++) {
		host->cpu[i] = (struct cpu){.machine = &host->machine, .index = i, .vcpu = &host->root[i]};
		host->machine.cpus[i] = &host->cpu[i];
	}
	host->machine.pool = &host->records;
	host->machine.paging = &host->paging;
	windows.host = host;
	pool_prepare(&host->records, &host->machine.boot.pool);
	host->records.guest.gpa_bits = DOMAIN_GPA_BITS;
}

void host_stop(struct host *host)
{
	free(host->memory);
	free(host->ram);
}

struct pool_view host_view(const struct host *host, unsigned cpu)
{
	return (struct pool_view){&host->records, &host->paging, cpu, host->machine.cpus};
}

static void check_closed(unsigned cpu)
{
	for (unsigned i = 0; i < WINDOWS_PER_CPU; i++)
		PROMISE(!windows.open[cpu][i]);
}

int64_t host_call(struct host *host, unsigned cpu, uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx,
		  uint64_t rcx)
{
	const struct hypercall_arguments arguments = {rdi, rsi, rdx, rcx};
	const uint32_t before = host->domain; /* of a call that this one interrupts */

	host->domain = (uint32_t)(number == HC_DOMAIN_CREATE ? rsi : rdi);
	const int64_t result = domain_hypercall(&host->cpu[cpu], number, &arguments);

	host->domain = before;
	check_closed(cpu);
	return result;
}

static struct td *td_of(struct host *host, uint64_t domain)
{
	return (void *)(host->pool + domain * PAGE_BYTES);
}

static struct domain_vcpu *slot_of(struct td *td, uint64_t vcpu)
{
	uint32_t i = 0;

	while (td->vcpu[i].page != vcpu)
		PROMISE(++i < td->info.vcpus);
	return &td->vcpu[i];
}

/* As follow_epoch() does it. */
void host_follow(struct host *host, uint64_t domain, uint64_t vcpu)
{
	struct td *const td = td_of(host, domain);

	slot_of(td, vcpu)->epoch = td->epoch;
}

/* As run_leave() does it. */
void host_leave_vcpu(struct host *host, uint64_t domain, uint64_t vcpu)
{
	slot_of(td_of(host, domain), vcpu)->runs_on = 0;
}

/* What run_prepare() opened for the guest's exits is closed: there are none. */
static void enter_vcpu(struct host *host, unsigned cpu, uint64_t domain, uint64_t vcpu)
{
	const struct td_vcpu *const state = td_vcpu_of(host->cpu[cpu].guest);

	PROMISE(state->td == td_of(host, domain) && state == (const void *)(host->pool + vcpu * PAGE_BYTES));
	PROMISE(slot_of(state->td, vcpu)->runs_on == cpu + 1);
	host->cpu[cpu].guest = 0;
	windows.open[cpu][WINDOW_DOMAIN] = windows.open[cpu][WINDOW_VCPU] = false;
	host_follow(host, domain, vcpu);
}

int64_t host_run(struct host *host, unsigned cpu, uint64_t domain, uint64_t vcpu, uint64_t run, uint64_t rcx)
{
	const struct hypercall_arguments arguments = {domain, vcpu, run, rcx};
	int64_t result;

	host->domain = (uint32_t)domain;
	result = domain_hypercall(&host->cpu[cpu], HC_VCPU_RUN, &arguments);
	host->domain = 0;
	if (result == HC_ENTERS) {
		enter_vcpu(host, cpu, domain, vcpu);
		result = 0;
	}
	check_closed(cpu);
	return result;
}

struct td *host_enter(struct host *host, unsigned cpu, uint64_t domain)
{
	const struct pool_view view = host_view(host, cpu);
	struct td *td;

	PROMISE(domain_enter(&view, domain, &td) == 0);
	host->domain = (uint32_t)domain;
	return td;
}

void host_leave(struct host *host, unsigned cpu, const struct td *td)
{
	const struct pool_view view = host_view(host, cpu);

	domain_leave(&view, td);
	host->domain = 0;
	check_closed(cpu);
}

uint64_t host_ram(const struct host *host, unsigned index)
{
	return (uintptr_t)host->ram + index * PAGE_BYTES;
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
