/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pool, the root guest's RAM, and the windows to both: who may look at what, and each change of a page's record. */
#include <string.h>

#include "hv/memory/window.h"
#include "world.h"

#define LARGE 0x200000ull
#define LOCK  8ull
#define KIND  7ull

/* Windows that one step may open: 512 pages of work, for each of which a few entries and records are looked at. */
#define WINDOWS_MAX (512u * 16)

static _Alignas(LARGE) uint8_t memory[2 * LARGE + (WIDE_POOL - HOST_RUN - 512) * PAGE_BYTES];
uint8_t *const pool_memory = memory + LARGE - HOST_RUN * PAGE_BYTES;
_Alignas(4096) uint8_t ram[RAM_PAGES][PAGE_BYTES];

static uint32_t pages;
static uint64_t records[WIDE_POOL];    /* at the last look */
static uint32_t lock_owner[WIDE_POOL]; /* index + 1 of the CPU that has a domain's lock */
static uint64_t lock_counts[WIDE_POOL], lock_count_of_all;
static uint64_t open[CPUS][WINDOWS_PER_CPU];
static uint8_t table_before[CPUS][PAGE_BYTES];
static unsigned inner_before[CPUS];
static uint8_t vcpus_before[CPUS][WIDE_POOL][PAGE_BYTES];

void memory_start(uint32_t count)
{
	pages = count;
	memset(open, 0, sizeof(open));
	memset(lock_owner, 0, sizeof(lock_owner));
	for (unsigned i = 0; i < RAM_PAGES; i++) {
		for (unsigned k = 0; k < PAGE_BYTES; k += 8)
			memcpy(&ram[i][k], &(uint64_t){0x7a3b000000000000ull + i * PAGE_BYTES + k}, 8);
	}
	pool_prepare(world.machine.pool, &(struct boot_range){(uintptr_t)pool_memory, count * PAGE_BYTES});
	memcpy(records, pool_memory, count * sizeof(records[0]));
}

void *pool_contents(uint32_t page)
{
	return pool_memory + page * PAGE_BYTES;
}

uint32_t page_of(uint64_t address)
{
	PROMISE(address - (uintptr_t)pool_memory < pages * PAGE_BYTES);
	return (uint32_t)((address - (uintptr_t)pool_memory) / PAGE_BYTES);
}

static uint64_t record_of(uint32_t page)
{
	return ((const uint64_t *)(const void *)pool_memory)[page];
}

uint64_t pool_record(uint32_t page)
{
	return record_of(page) & ~LOCK;
}

uint64_t lock_count(uint32_t domain)
{
	return lock_counts[domain];
}

static bool is_zero(const uint8_t *page)
{
	return page[0] == 0 && memcmp(page, page + 1, PAGE_BYTES - 1) == 0;
}

static bool has_lock(uint64_t domain)
{
	return domain < pages && lock_owner[domain] == world.step->cpu->index + 1;
}

/* The step has given its domain's lock back. */
static void unlocks(uint32_t domain)
{
	struct step *const step = world.step;

	lock_owner[domain] = 0;
	lock_counts[domain] = ++lock_count_of_all;
	if (domain != step->domain || !step->locked)
		return;
	step->over = true;
	spec_unlocks(step);
	guest_unlocks(step);
}

static void locks(uint32_t domain)
{
	lock_owner[domain] = world.step->cpu->index + 1;
	lock_counts[domain] = ++lock_count_of_all;
	if (domain == world.step->domain)
		world.step->locked = true;
}

static void check_not_shown(uint32_t page)
{
	for (uint32_t i = 0; i < CPUS; i++) {
		for (unsigned k = 0; k < WINDOWS_PER_CPU; k++)
			PROMISE(open[i][k] != (uintptr_t)pool_contents(page));
	}
}

/* Whoever has the domain's lock frees what is its, once it is wiped and no CPU reaches it; the end frees everybody's. */
static void freed(uint32_t page, uint64_t before)
{
	PROMISE((before & KIND) != PAGE_RECORDS && (has_lock(before >> 32) || world.ending));
	PROMISE(is_zero(pool_contents(page)));
	if (!world.ending) /* a CPU that is not let in any more has its windows to close */
		check_not_shown(page);
	check_unreachable(page);
	world.step->frees = true;
	if ((before & KIND) == PAGE_DOMAIN)
		unlocks(page);
}

/* Whoever has the domain's lock takes pages for it. */
static void taken(uint32_t page, uint64_t after)
{
	const uint64_t kind = after & KIND, owner = after >> 32;

	PROMISE(kind >= PAGE_DOMAIN && kind <= PAGE_PRIVATE && ((after & LOCK) != 0) == (kind == PAGE_DOMAIN));
	PROMISE(is_zero(pool_contents(page)));
	if (kind == PAGE_DOMAIN) {
		PROMISE(owner == page);
		locks(page);
	}
	PROMISE(has_lock(owner) && (records[owner] & KIND) == PAGE_DOMAIN);
}

static void look_at_record(uint32_t page)
{
	const uint64_t before = records[page], after = record_of(page);

	records[page] = after;
	if (after == PAGE_FREE)
		return freed(page, before);
	if (before == PAGE_FREE)
		return taken(page, after);
	PROMISE((before ^ after) == LOCK && (after & KIND) == PAGE_DOMAIN);
	if ((after & LOCK) != 0)
		return locks(page);
	PROMISE(has_lock(page));
	unlocks(page);
}

static void look_at_records(uint32_t first)
{
	const uint32_t count = pages - first < 512 ? pages - first : 512;

	if (memcmp(&records[first], &((const uint64_t *)(const void *)pool_memory)[first], count * 8) == 0)
		return;
	for (uint32_t i = first; i < first + count; i++) {
		if (records[i] != record_of(i))
			look_at_record(i);
	}
}

/* What a window is for, and whose. */
static void check_kind(enum window window, uint32_t page)
{
	static const uint8_t kinds[WINDOWS_PER_CPU] = {
		[WINDOW_RECORDS] = PAGE_RECORDS, [WINDOW_DOMAIN] = PAGE_DOMAIN, [WINDOW_TABLE] = PAGE_TABLE,
		[WINDOW_VCPU] = PAGE_VCPU,       [WINDOW_CONTROL] = PAGE_VCPU,
	};
	const uint64_t record = record_of(page);

	if (window == WINDOW_TARGET) /* at the end, two CPUs may wipe a page at the same time */
		PROMISE((record != PAGE_FREE || world.ending) && (record & KIND) != PAGE_RECORDS);
	else
		PROMISE((record & KIND) == kinds[window]);
	if (window == WINDOW_VCPU && page == world.step->cpu->guest_page[VCPU_TAG(page)])
		return; /* its tag's last one, which says itself whose it is */
	PROMISE(window == WINDOW_RECORDS || world.step->domain == 0 || record >> 32 == world.step->domain);
}

void *window_open(const struct paging *paging, uint32_t cpu, enum window window, paddr_t page, bool writable)
{
	(void)paging;
	(void)writable;
	between();
	PROMISE(cpu == world.step->cpu->index && window != WINDOW_COPY && page.value % PAGE_BYTES == 0);
	PROMISE(open[cpu][window] == 0 && (++world.step->windows <= WINDOWS_MAX || world.ending));
	check_kind(window, page_of(page.value));
	open[cpu][window] = page.value;
	if (window == WINDOW_TABLE && !has_lock(world.step->domain)) {
		memcpy(table_before[cpu], region_pointer(page), PAGE_BYTES);
		inner_before[cpu] = world.step->inner;
	}
	return region_pointer(page);
}

/* Without the lock a table is only read. Others may have changed it meanwhile. */
static void check_table(uint32_t cpu, const void *table)
{
	PROMISE(has_lock(world.step->domain) || world.step->inner != inner_before[cpu] ||
		memcmp(table, table_before[cpu], PAGE_BYTES) == 0);
}

void window_close(const struct paging *paging, uint32_t cpu, enum window window)
{
	const uint64_t page = open[cpu][window];

	(void)paging;
	PROMISE(cpu == world.step->cpu->index && (page != 0 || world.ended));
	if (page == 0) /* the end closes what a crash may have left open */
		return;
	open[cpu][window] = 0;
	if (window == WINDOW_RECORDS)
		look_at_records(page_of(page) * 512);
	if (window == WINDOW_TABLE)
		check_table(cpu, region_pointer(paddr(page)));
	between();
}

/* Within a page of RAM, or of private memory of the step's domain. Which page of RAM, or RAM_PAGES. */
static unsigned check_copy(uint32_t cpu, paddr_t address, uint32_t bytes)
{
	const uint64_t in_ram = address.value - (uintptr_t)ram;

	PROMISE(cpu == world.step->cpu->index && bytes <= PAGE_BYTES - (address.value & PAGE_MASK));
	if (in_ram < sizeof(ram))
		return (unsigned)(in_ram / PAGE_BYTES);
	PROMISE(pool_record(page_of(address.value)) == ((uint64_t)world.step->domain << 32 | PAGE_PRIVATE));
	return RAM_PAGES;
}

/* The root guest changes what was read: it is not read again. */
void window_read(const struct paging *paging, uint32_t cpu, paddr_t address, void *buffer, uint32_t bytes)
{
	const unsigned page = check_copy(cpu, address, bytes);

	(void)paging;
	memcpy(buffer, region_pointer(address), bytes);
	if (page == RAM_PAGES)
		return;
	PROMISE(++world.step->reads[page] == 1);
	for (uint32_t i = 0; i < bytes; i++)
		ram[page][(address.value & PAGE_MASK) + i] ^= 0x55;
	between();
}

void window_write(const struct paging *paging, uint32_t cpu, paddr_t address, const void *buffer, uint32_t bytes)
{
	(void)paging;
	(void)check_copy(cpu, address, bytes);
	memcpy(region_pointer(address), buffer, bytes);
	between();
}

void keep_vcpus(uint32_t cpu)
{
	for (uint32_t page = 0; page < pages; page++) {
		if ((record_of(page) & KIND) == PAGE_VCPU)
			memcpy(vcpus_before[cpu][page], pool_contents(page), PAGE_BYTES);
	}
}

void check_vcpus(const struct step *step)
{
	for (uint32_t page = 0; page < pages && step->inner == 0 && !world.ended; page++) {
		const uint64_t record = record_of(page);

		if ((record & KIND) == PAGE_VCPU && record >> 32 != step->domain)
			PROMISE(memcmp(vcpus_before[step->cpu->index][page], pool_contents(page), PAGE_BYTES) == 0);
	}
}

void check_released(const struct cpu *cpu)
{
	const bool guest = cpu->guest != 0;

	for (uint32_t page = 0; page < pages; page++)
		PROMISE(lock_owner[page] != cpu->index + 1 || world.ended); /* the end keeps all of them */
	for (unsigned window = 0; window < WINDOWS_PER_CPU; window++)
		PROMISE((open[cpu->index][window] != 0) ==
			(guest && (window == WINDOW_DOMAIN || window == WINDOW_VCPU || window == vendor_window())));
}

void check_wiped(void)
{
	for (uint32_t page = 0; page < pages; page++) {
		const uint64_t kind = record_of(page) & KIND;

		if (kind == PAGE_DOMAIN || kind == PAGE_VCPU || kind == PAGE_PRIVATE)
			PROMISE(is_zero(pool_contents(page)));
	}
}
