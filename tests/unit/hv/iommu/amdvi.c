/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/iommu/ hv/boot/boot_info.c hv/boot/dma_records.c hv/memory/stage2.c */
/* AMD-Vi on a unit of the test's own, and the nested page table that it walks. */
#include "hv_test.h"

#include "cloister/statement.h"
#include "iommu/amdvi_registers.h"
#include "iommu/iommu.h"
#include "machine/machine.h"
#include "memory/paging.h"
#include "memory/stage2.h"
#include "vendor_machine.h"
#include "stage2_format.h"
#include "x86/instructions.h"

#define BASE    0xfed80000ull
#define HOLE    0x40005000ull
#define PAGES   2048u
#define CONTROL (CONTROL_COHERENT | CONTROL_HT_TUN_EN | CONTROL_EVENT_EN | CONTROL_CMDBUF_EN | CONTROL_IOMMU_EN)

static struct iommu iommu;
static struct stage2 stage2;
static struct vendor_machine vendor;
static struct paging paging;
static struct machine m = {.iommu = &iommu, .paging = &paging};
static struct iommu_unit *unit;
static struct region pages;
static uint64_t registers[0x4000 / 8];
static bool works, rings_rest;
static unsigned restarts, lines;
static uint64_t ticks;

uint64_t rdtsc(void)
{
	return ticks += 1000;
}

uint64_t machine_uptime_us(const struct machine *machine_)
{
	(void)machine_;
	return 5000000;
}

void console_line(struct machine *machine_, const char *format, ...)
{
	(void)machine_;
	(void)format;
	lines++;
}

/* All registers of this kind are 64 bits wide. */
uint32_t mmio_read32(uint64_t address)
{
	fail_msg("32-bit read at %lx", address);
}

void mmio_write32(uint64_t address, uint32_t value)
{
	fail_msg("32-bit write of %x at %lx", value, address);
}

void wbinvd(void)
{
}

static uint64_t *at(amdvi_register reg)
{
	return &registers[reg.offset / 8];
}

uint64_t mmio_read64(uint64_t address)
{
	assert_in_range(address, BASE, BASE + sizeof(registers) - 8);
	return registers[(address - BASE) / 8];
}

static void run_commands(uint64_t tail)
{
	const uint64_t *const command = (const uint64_t *)(uintptr_t)(*at(AMDVI_COMMANDS) & ~RING_256);

	if (!works || tail == 0)
		return;
	assert_int_equal(*at(AMDVI_CONTROL), CONTROL);
	assert_int_equal(tail, 32);
	assert_int_equal(command[0], 8ull << 60);
	assert_int_equal(command[2] >> 60, 1);
	*(uint64_t *)(uintptr_t)(command[2] & 0x000ffffffffffff8ull) = command[3];
}

void mmio_write64(uint64_t address, uint64_t value)
{
	const uint32_t offset = (uint32_t)(address - BASE);

	assert_in_range(address, BASE, BASE + sizeof(registers) - 8);
	if (offset == AMDVI_STATUS.offset) { /* write 1 to clear; the log must be off */
		assert_int_equal(*at(AMDVI_CONTROL) & CONTROL_EVENT_EN, 0);
		*at(AMDVI_STATUS) &= ~value;
		restarts++;
		return;
	}
	if (offset == AMDVI_COMMANDS.offset || offset == AMDVI_EVENTS.offset) /* 3.4.2 */
		assert_int_equal(*at(AMDVI_STATUS) & (STATUS_EVENT_RUN | STATUS_CMD_RUN), 0);
	if (offset == AMDVI_CONTROL.offset) {
		if ((*at(AMDVI_CONTROL) & CONTROL_IOMMU_EN) != 0)
			assert_true((value & CONTROL_IOMMU_EN) != 0); /* what translates goes on translating */
		if (rings_rest || (value & CONTROL_EVENT_EN) != 0)
			*at(AMDVI_STATUS) = (*at(AMDVI_STATUS) & STATUS_OVERFLOW) |
					    ((value & CONTROL_EVENT_EN) != 0 ? STATUS_EVENT_RUN : 0) |
					    ((value & CONTROL_CMDBUF_EN) != 0 ? STATUS_CMD_RUN : 0);
	}
	registers[offset / 8] = value;
	if (offset == AMDVI_COMMAND_TAIL.offset)
		run_commands(value);
}

static int setup(void **state)
{
	void *const memory = aligned_alloc(PAGE_BYTES, PAGES * PAGE_BYTES);

	assert_non_null(memory);
	*state = memory;
	pages = (struct region){(uintptr_t)memory, (uintptr_t)memory + PAGES * PAGE_BYTES};
	m.boot = (struct boot_info){0};
	iommu = (struct iommu){0};
	stage2 = (struct stage2){0};
	memset(registers, 0, sizeof(registers));
	iommu.tsc_khz = 1000;
	iommu.kind = IOMMU_AMDVI;
	iommu.unit_count = 1;
	unit = &iommu.units[0];
	*unit = (struct iommu_unit){.base = BASE, .bytes = sizeof(registers)};
	*at(AMDVI_FEATURES) = FEATURE_IA;
	works = rings_rest = true;
	lines = restarts = 0;
	const paddr_t tables = region_take(&pages, 600);

	assert_int_equal(stage2_build_identity(&stage2, 40,
					       (struct region){tables.value, tables.value + 600 * PAGE_BYTES}, &vendor),
			 HV_OK);
	assert_int_equal(stage2_hide(&stage2, gpa(HOLE), PAGE_BYTES), HV_OK);
	assert_int_equal(stage2_write_protect(&stage2, gpa(HOLE + PAGE_BYTES), PAGE_BYTES), HV_OK);
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void checks_capabilities(void **state)
{
	(void)state;
	assert_int_equal(amdvi_check(unit), HV_OK);
	*at(AMDVI_FEATURES) = 0;
	assert_int_equal(amdvi_check(unit), HV_E_IOMMU_UNIT);
	*at(AMDVI_FEATURES) = UINT64_MAX;
	assert_int_equal(amdvi_check(unit), HV_E_IOMMU_UNIT);
	*at(AMDVI_FEATURES) = FEATURE_IA;
	*at(AMDVI_CONTROL) = CONTROL_IOMMU_EN;
	assert_int_equal(amdvi_check(unit), HV_OK); /* taken over */
}

/*
 * As a unit walks (2.2.3): the level of each step from the entry before it, rights of all entries together. 0 if it
 * is blocked.
 */
static uint64_t device_walk(uint64_t address)
{
	const uint64_t *const entry = region_pointer(iommu.root_table);
	uint64_t pte = entry[0], rights = IO_READ | IO_WRITE;
	unsigned level = 4;

	assert_int_equal(pte >> 9 & 7, 4);
	while (level != 0) {
		const unsigned shift = 12 + 9 * (level - 1);

		pte = ((const uint64_t *)region_pointer(paddr(pte & 0x000ffffffffff000ull)))[address >> shift & 511];
		if ((pte & 1) == 0)
			return 0;
		rights &= pte;
		const unsigned next = pte >> 9 & 7;

		if (next == 0)
			return (pte & 0x000ffffffffff000ull) | (address & ((1ull << shift) - 1)) | rights;
		assert_int_equal(next, level - 1);
		level = next;
	}
	return 0;
}

/* Devices see what CPUs see: the same address, the same rights, at every edge. */
static void views_are_equal(void **state)
{
	const uint64_t addresses[] = {
		0,          0x1234,     HOLE - 1,        HOLE, HOLE + 0xfff, HOLE + 0x1000, HOLE + 0x2000, 0x40200000,
		0x3fffffff, 0x80000000, (1ull << 40) - 1};

	(void)state;
	assert_int_equal(amdvi_build(&m, &stage2, &pages), HV_OK);
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		unsigned level;
		const uint64_t cpu = stage2_walk(&stage2, gpa(addresses[i]), &level);
		const uint64_t device = device_walk(addresses[i]);

		assert_int_equal(cpu == 0, device == 0);
		if (cpu == 0)
			continue;
		assert_int_equal(device & ~(IO_READ | IO_WRITE), addresses[i]);
		assert_true((device & IO_READ) != 0);
		assert_int_equal((device & IO_WRITE) != 0, (cpu & NPT_RW) != 0);
	}
	assert_int_equal(device_walk(HOLE), 0);
	assert_int_equal(device_walk(HOLE + PAGE_BYTES) & IO_WRITE, 0);
}

static void every_device_has_stage2(void **state)
{
	(void)state;
	assert_int_equal(amdvi_build(&m, &stage2, &pages), HV_OK);
	const uint64_t *const entries = region_pointer(iommu.root_table);

	for (unsigned i = 0; i < 65536; i++) {
		assert_int_equal(entries[4 * i], stage2.root.value | 3 | 4 << 9 | 3ull << 61);
		assert_int_equal(entries[4 * i + 1], 1);
		assert_int_equal(entries[4 * i + 2] | entries[4 * i + 3], 0);
	}
	pages.next = pages.end - 100 * PAGE_BYTES;
	assert_int_equal(amdvi_build(&m, &stage2, &pages), HV_E_REGION);
}

/* System management messages from devices that the firmware names, and from no other; of two modes, the first. */
static void settings_are_applied(void **state)
{
	(void)state;
	m.boot.dma.setting_count = 4;
	m.boot.dma.setting[0] = (struct boot_setting){0xa0, 0xa0, 1};
	m.boot.dma.setting[1] = (struct boot_setting){0xfff0, 0xffff, 2};
	m.boot.dma.setting[2] = (struct boot_setting){0xa0, 0xa0, 2};
	m.boot.dma.setting[3] = (struct boot_setting){0xffe0, 0xfff7, 1};
	assert_int_equal(amdvi_build(&m, &stage2, &pages), HV_OK);
	const uint64_t *const entries = region_pointer(iommu.root_table);

	for (unsigned i = 0; i < 65536; i++) {
		const uint64_t sysmgt = i >= 0xfff0 ? 2 : i == 0xa0 || i >= 0xffe0 ? 1 : 0;

		assert_int_equal(entries[4 * i], stage2.root.value | 3 | 4 << 9 | 3ull << 61);
		assert_int_equal(entries[4 * i + 1], 1 | sysmgt << 40);
		assert_int_equal(entries[4 * i + 2] | entries[4 * i + 3], 0);
	}
}

/* Read off the table: a page of whatever is protected that is there clears its bit. */
static void tells_protections(void **state)
{
	(void)state;
	m.boot.region = (struct boot_range){HOLE, PAGE_BYTES};
	assert_int_equal(iommu_protections(&m, &stage2), 1u << HK_DMA_MEMORY | 1u << HK_DMA_ATS);
	assert_int_equal(stage2_hide(&stage2, gpa(BASE), sizeof(registers)), HV_OK);
	assert_int_equal(stage2_hide(&stage2, gpa(BOOT_TPM_LOCALITY_1), BOOT_TPM_LOCALITIES_BYTES - PAGE_BYTES), HV_OK);
	m.boot.pool = (struct boot_range){4ull << 30, 3ull << 30};
	assert_int_equal(iommu_protections(&m, &stage2), 1u << HK_DMA_UNITS | 1u << HK_DMA_ATS);
	assert_int_equal(stage2_hide(&stage2, gpa(4ull << 30), (3ull << 30) - PAGE_BYTES), HV_OK);
	assert_int_equal(iommu_protections(&m, &stage2), 1u << HK_DMA_UNITS | 1u << HK_DMA_ATS);
	m.boot.pool.bytes -= PAGE_BYTES;
	assert_int_equal(stage2_hide(&stage2, gpa(BOOT_TPM_LOCALITY_1), BOOT_TPM_LOCALITIES_BYTES), HV_OK);
	assert_int_equal(iommu_protections(&m, &stage2), HK_DMA_ALL);
	m.boot.region.bytes += PAGE_BYTES;
	assert_int_equal(iommu_protections(&m, &stage2), HK_DMA_ALL & ~(1u << HK_DMA_MEMORY));
	iommu.unit_count = 0;
	assert_int_equal(iommu_protections(&m, &stage2), 0);
}

static void enable_ends_the_firmwares_exclusion_range(void **state)
{
	(void)state;
	assert_int_equal(amdvi_build(&m, &stage2, &pages), HV_OK);
	*at(AMDVI_EXCLUSION) = 3; /* the firmware's exclusion range ends */
	assert_false(iommu_translates(&m));
	assert_int_equal(iommu_enable(&m), HV_OK);
	assert_true(iommu_translates(&m));
	assert_int_equal(*at(AMDVI_EXCLUSION), 0);
	assert_int_equal(*at(AMDVI_DEVICE_TABLE), iommu.root_table.value | 511);
	*at(AMDVI_DEVICE_TABLE) = 0;
	assert_false(iommu_translates(&m));
}

/*
 * The firmware's own protection: its rings end, and translation is never off on the way, which the unit's registers
 * watch.
 */
static void takes_over(void **state)
{
	(void)state;
	assert_int_equal(amdvi_build(&m, &stage2, &pages), HV_OK);
	*at(AMDVI_DEVICE_TABLE) = 0x7000 | 511;
	*at(AMDVI_COMMANDS) = 0x8000;
	*at(AMDVI_CONTROL) = CONTROL;
	*at(AMDVI_STATUS) = STATUS_EVENT_RUN | STATUS_CMD_RUN;
	assert_int_equal(amdvi_check(unit), HV_OK);
	rings_rest = false;
	assert_int_equal(iommu_enable(&m), HV_E_IOMMU_TIMEOUT);
	assert_int_equal(*at(AMDVI_DEVICE_TABLE), 0x7000 | 511);
	rings_rest = true;
	assert_int_equal(iommu_enable(&m), HV_OK);
	assert_true(iommu_translates(&m));
	assert_int_equal(*at(AMDVI_CONTROL), CONTROL);
}

static void bounded_wait(void **state)
{
	(void)state;
	assert_int_equal(amdvi_build(&m, &stage2, &pages), HV_OK);
	works = false;
	assert_int_equal(iommu_enable(&m), HV_E_IOMMU_TIMEOUT);
	assert_false(iommu.enabled);
}

static void events_are_logged(void **state)
{
	uint64_t *events;

	(void)state;
	assert_int_equal(amdvi_build(&m, &stage2, &pages), HV_OK);
	assert_int_equal(iommu_enable(&m), HV_OK);
	events = region_pointer(iommu.events);
	events[2 * 255] = 2ull << 60 | EVENT_WRITE | 0x28;
	events[0] = 2ull << 60 | 0x29;
	*at(AMDVI_EVENT_HEAD) = 255 * 16;
	*at(AMDVI_EVENT_TAIL) = 16;
	lines = 0;
	iommu_poll(&m);
	assert_int_equal(iommu.faults, 2);
	assert_int_equal(lines, 2);
	assert_int_equal(*at(AMDVI_EVENT_HEAD), 16);
	iommu_poll(&m);
	assert_int_equal(iommu.faults, 2);
	for (unsigned i = 0; i < 256; i++)
		events[2 * i] = 2ull << 60;
	*at(AMDVI_STATUS) = STATUS_OVERFLOW;
	*at(AMDVI_EVENT_TAIL) = UINT64_MAX; /* a unit that is gone: at most a ring is read */
	iommu_poll(&m);
	assert_int_equal(iommu.faults, 2 + 254);
	assert_int_equal(*at(AMDVI_EVENT_HEAD), 255 * 16);
	assert_int_equal(restarts, 1);
	assert_int_equal(iommu.overflows, 1);
	assert_int_equal(*at(AMDVI_CONTROL), CONTROL);
}

/*
 * The tail moves before the record is there, also over a record of the lap before: nothing is read that was not
 * written since.
 */
static void events_are_awaited(void **state)
{
	uint64_t *events;

	(void)state;
	assert_int_equal(amdvi_build(&m, &stage2, &pages), HV_OK);
	assert_int_equal(iommu_enable(&m), HV_OK);
	events = region_pointer(iommu.events);
	for (unsigned lap = 0; lap < 2; lap++) {
		for (unsigned i = 0; i < 256; i++) {
			*at(AMDVI_EVENT_TAIL) = (i + 2) % 256 * 16;
			iommu_poll(&m);
			assert_int_equal(iommu.faults, lap * 256 + i);
			assert_int_equal(*at(AMDVI_EVENT_HEAD), i * 16);
			events[2 * i + 1] = 0x1000;
			events[2 * i] = 2ull << 60 | 0x28;
			iommu_poll(&m);
			assert_int_equal(iommu.faults, lap * 256 + i + 1);
			assert_int_equal(*at(AMDVI_EVENT_HEAD), (i + 1) % 256 * 16);
		}
	}
	assert_int_equal(restarts, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(checks_capabilities, setup, teardown),
		cmocka_unit_test_setup_teardown(views_are_equal, setup, teardown),
		cmocka_unit_test_setup_teardown(every_device_has_stage2, setup, teardown),
		cmocka_unit_test_setup_teardown(settings_are_applied, setup, teardown),
		cmocka_unit_test_setup_teardown(tells_protections, setup, teardown),
		cmocka_unit_test_setup_teardown(enable_ends_the_firmwares_exclusion_range, setup, teardown),
		cmocka_unit_test_setup_teardown(takes_over, setup, teardown),
		cmocka_unit_test_setup_teardown(bounded_wait, setup, teardown),
		cmocka_unit_test_setup_teardown(events_are_logged, setup, teardown),
		cmocka_unit_test_setup_teardown(events_are_awaited, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
