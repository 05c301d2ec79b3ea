/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: hv/iommu/ hv/boot/boot_info.c hv/boot/dma_records.c hv/memory/stage2.c */
/* VT-d on a unit of the test's own: its registers act as the specification says, or do not answer. */
#include "hv_test.h"

#include <stdio.h>

#include "iommu/iommu.h"
#include "iommu/vtd_registers.h"
#include "machine/machine.h"
#include "memory/paging.h"
#include "memory/stage2.h"
#include "vendor_machine.h"
#include "x86/instructions.h"

#define BASE      0xfed90000ull
#define GOOD_CAP  (CAP_SLLPS_2MIB | CAP_SLLPS_1GIB | CAP_SAGAW_48 | CAP_SAGAW_39 | 0x22ull << 24 | 1ull << 40)
#define GOOD_ECAP (ECAP_QI | ECAP_C | 0x30ull << 8)
#define IOTLB     0x308u
#define FAULTS    0x220u
#define IQH       0x80u

static struct iommu iommu;
static struct stage2 stage2;
static struct vendor_machine vendor;
static struct paging paging;
static struct machine m = {.iommu = &iommu, .paging = &paging};
static struct iommu_unit *unit;
static struct region pages;
static uint8_t registers[4096];
static uint32_t answers; /* the commands that the unit completes */
static bool queue_works;
static uint64_t latched;  /* the root table that the unit walks from */
static uint64_t requests; /* to the queue but for waiting: a byte each, the last one lowest */
static unsigned lines, wbinvds;
static char last_line[LINE_BYTES];
static uint64_t ticks, uptime;

static uint64_t get(uint32_t at)
{
	uint64_t value;

	memcpy(&value, registers + at, sizeof(value));
	return value;
}

static void put(uint32_t at, uint64_t value)
{
	memcpy(registers + at, &value, sizeof(value));
}

static unsigned flushes; /* of the write buffer */

static uint32_t status(void)
{
	return (uint32_t)(get(VTD_GSTS.offset));
}

static void set_status(uint32_t value)
{
	memcpy(registers + VTD_GSTS.offset, &value, sizeof(value));
}

uint64_t rdtsc(void)
{
	return ticks += 1000;
}

void wbinvd(void)
{
	wbinvds++;
}

uint64_t machine_uptime_us(const struct machine *machine_)
{
	(void)machine_;
	return uptime;
}

void console_line(struct machine *machine_, const char *format, ...)
{
	va_list arguments;

	(void)machine_;
	va_start(arguments, format);
	vsnprintf(last_line, sizeof(last_line), format, arguments);
	va_end(arguments);
	lines++;
}

static uint32_t offset_of(uint64_t address, uint32_t bytes)
{
	assert_in_range(address, BASE, BASE + sizeof(registers) - bytes);
	return (uint32_t)(address - BASE);
}

uint32_t mmio_read32(uint64_t address)
{
	uint32_t value;

	memcpy(&value, registers + offset_of(address, 4), sizeof(value));
	return value;
}

uint64_t mmio_read64(uint64_t address)
{
	return get(offset_of(address, 8));
}

static void global_command(uint32_t value)
{
	const uint32_t one_shot = GLOBAL_SRTP;
	const uint32_t command = value & ~status();

	if ((status() & ~value & ~one_shot) == GLOBAL_QIE) { /* the one that may be switched off, when it is empty */
		assert_int_equal(get(IQH), get(VTD_IQT.offset));
		if ((answers & GLOBAL_QIE) != 0)
			set_status(status() & ~GLOBAL_QIE);
		put(IQH, 0);
		return;
	}
	assert_true((value & status() & ~one_shot) == (status() & ~one_shot)); /* what was on stays on */
	if ((command & ~one_shot) != 0 || value != (status() & ~one_shot))     /* or all of it is said again */
		assert_int_equal(__builtin_popcount(command & ~one_shot) + ((value & one_shot) != 0), 1);
	if ((value & GLOBAL_SRTP) != 0)
		latched = get(VTD_RTADDR.offset);
	if ((value & answers & (GLOBAL_TE | GLOBAL_QIE | GLOBAL_SRTP)) != 0)
		set_status(status() | (value & answers));
	if ((value & GLOBAL_TE) != 0)
		assert_true((status() & GLOBAL_SRTP) != 0); /* a root table first */
}

void mmio_write32(uint64_t address, uint32_t value)
{
	const uint32_t at = offset_of(address, 4);

	if (at == VTD_PMEN.offset)
		assert_true((status() & GLOBAL_TE) != 0); /* until then they are all that protects memory */
	flushes += at == VTD_GCMD.offset && (value & GLOBAL_WBF) != 0;
	if (at == VTD_GCMD.offset)
		global_command(value);
	else if (at == VTD_FSTS.offset)
		put(at, get(at) & ~(uint64_t)(value & FSTS_PFO));
	else if (at == FAULTS + 12 || at == FAULTS + 28) /* write 1 to clear F */
		registers[at + 3] &= (uint8_t)~(value >> 24);
	else
		memcpy(registers + at, &value, sizeof(value));
}

/*
 * All requests up to the tail, in their order: the caches are emptied before a status is stored where it was asked
 * for.
 */
static void run_queue(uint64_t tail)
{
	const uint64_t *const queue = (const uint64_t *)(uintptr_t)get(VTD_IQA.offset);
	uint64_t head = get(IQH);

	assert_true(tail < PAGE_BYTES && tail % 16 == 0);
	if (!queue_works)
		return;
	for (; head != tail; head = (head + 16) % PAGE_BYTES) {
		const uint64_t *const request = queue + head / 8;

		assert_true((status() & GLOBAL_QIE) != 0);
		if ((request[0] & 0xf) == 5) {
			assert_int_equal(request[0] & UINT32_MAX, 0x25);
			*(uint32_t *)(uintptr_t)request[1] = (uint32_t)(request[0] >> 32);
			continue;
		}
		requests = requests << 8 | (request[0] & 0xff);
		assert_int_equal(request[0] >> 8 | request[1], 0);
	}
	put(IQH, head);
}

void mmio_write64(uint64_t address, uint64_t value)
{
	const uint32_t at = offset_of(address, 8);

	put(at, value);
	if (at == VTD_CCMD.offset && (answers & 1) != 0)
		put(at, value & ~CCMD_ICC);
	if (at == IOTLB && (answers & 1) != 0)
		put(at, value & ~IOTLB_IVT);
	if (at == VTD_IQT.offset)
		run_queue(value);
}

static int setup(void **state)
{
	void *const memory = aligned_alloc(PAGE_BYTES, 8 * PAGE_BYTES);

	assert_non_null(memory);
	*state = memory;
	pages = (struct region){(uintptr_t)memory, (uintptr_t)memory + 8 * PAGE_BYTES};
	m.boot = (struct boot_info){0};
	iommu = (struct iommu){0};
	stage2 = (struct stage2){0};
	memset(registers, 0, sizeof(registers));
	m.boot.tsc_khz = iommu.tsc_khz = 1000;
	m.boot.ram_count = 1;
	m.boot.ram[0] = (struct boot_range){0, 1u << 30};
	stage2.root = region_take(&pages, 1);
	*(uint64_t *)region_pointer(stage2.root) = 0x7654000 | 7;
	iommu.unit_count = 1;
	unit = &iommu.units[0];
	*unit = (struct iommu_unit){.base = BASE, .bytes = sizeof(registers)};
	put(VTD_VER.offset, 0x10);
	put(VTD_CAP.offset, GOOD_CAP);
	put(VTD_ECAP.offset, GOOD_ECAP);
	answers = GLOBAL_TE | GLOBAL_QIE | GLOBAL_SRTP | 1;
	queue_works = true;
	requests = lines = wbinvds = 0;
	uptime = 5000000;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void checks_capabilities(void **state)
{
	const struct {
		uint32_t at;
		uint64_t value;
		enum hv_error error;
	} cases[] = {
		{VTD_CAP.offset, GOOD_CAP, HV_OK},
		{VTD_CAP.offset, GOOD_CAP & ~CAP_SAGAW_48, HV_OK},
		{VTD_CAP.offset, UINT64_MAX, HV_E_IOMMU_UNIT},
		{VTD_CAP.offset, GOOD_CAP & ~(CAP_SAGAW_48 | CAP_SAGAW_39), HV_E_IOMMU_UNIT},
		{VTD_CAP.offset, GOOD_CAP & ~(CAP_SLLPS_2MIB | CAP_SLLPS_1GIB), HV_OK},
		{VTD_CAP.offset, GOOD_CAP | 0x3ffull << 24, HV_E_IOMMU_UNIT}, /* fault records outside */
		{VTD_CAP.offset, GOOD_CAP | 0xffull << 40, HV_E_IOMMU_UNIT},
		{VTD_ECAP.offset, UINT64_MAX, HV_E_IOMMU_UNIT},
		{VTD_ECAP.offset, GOOD_ECAP | 0x3ffull << 8, HV_E_IOMMU_UNIT}, /* IOTLB register outside */
		{VTD_ECAP.offset, GOOD_ECAP & ~ECAP_QI, HV_OK},
		{VTD_VER.offset, UINT64_MAX, HV_E_IOMMU_UNIT},
		{VTD_GSTS.offset, GLOBAL_TE, HV_OK}, /* taken over */
		{VTD_GSTS.offset, GLOBAL_QIE, HV_OK},
		{VTD_GSTS.offset, GLOBAL_IRE, HV_E_IOMMU_BUSY},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		teardown(state);
		setup(state);
		put(cases[i].at, cases[i].value);
		assert_int_equal(vtd_check(unit), cases[i].error);
	}
	for (uint64_t mode = 1; mode <= 3; mode++) { /* scalable, reserved, abort: not while translation is on */
		put(VTD_ECAP.offset, GOOD_ECAP);
		put(VTD_RTADDR.offset, 0x5000 | mode << 10);
		set_status(GLOBAL_SRTP);
		assert_int_equal(vtd_check(unit), HV_OK);
		set_status(GLOBAL_SRTP | GLOBAL_TE);
		assert_int_equal(vtd_check(unit), HV_E_IOMMU_BUSY);
	}
	put(VTD_VER.offset, 0x60); /* no register-based invalidation, and no queue either */
	put(VTD_GSTS.offset, 0);
	put(VTD_ECAP.offset, GOOD_ECAP & ~ECAP_QI);
	assert_int_equal(vtd_check(unit), HV_E_IOMMU_UNIT);
}

static void check_tables(uint64_t second_level, uint64_t width)
{
	const uint64_t *const root = region_pointer(iommu.root_table);

	for (unsigned bus = 0; bus < 256; bus++) {
		const uint64_t *const contexts = region_pointer(paddr(root[2 * bus] & ~1ull));

		assert_int_equal(root[2 * bus] & 0xfff, 1);
		assert_int_equal(root[2 * bus + 1], 0);
		for (unsigned function = 0; function < 256; function++) {
			assert_int_equal(contexts[2 * function], second_level | 1);
			assert_int_equal(contexts[2 * function + 1], width | 1 << 8);
		}
	}
}

static void every_device_has_stage2(void **state)
{
	(void)state;
	assert_int_equal(vtd_check(unit), HV_OK);
	assert_int_equal(vtd_build(&m, &stage2, &pages), HV_OK);
	check_tables(stage2.root.value, 2);
	assert_int_equal(wbinvds, 0);
	unit->ecap &= ~ECAP_C;
	assert_int_equal(vtd_build(&m, &stage2, &pages), HV_OK);
	assert_int_equal(wbinvds, 1);
	assert_int_equal(vtd_build(&m, &stage2, &pages), HV_E_REGION); /* pages are used up */
}

static void three_levels(void **state)
{
	(void)state;
	iommu.unit_count = 2; /* one of two units is enough */
	iommu.units[0].cap = GOOD_CAP;
	iommu.units[1].cap = GOOD_CAP & ~CAP_SAGAW_48;
	assert_int_equal(vtd_build(&m, &stage2, &pages), HV_OK);
	check_tables(0x7654000, 1);
	m.boot.ram[0].bytes = (1ull << 39) + PAGE_BYTES;
	assert_int_equal(vtd_build(&m, &stage2, &pages), HV_E_IOMMU_UNIT);
}

/* A stage 2 of @count pages for RAM below 1 GiB, and two units, one without the leaves @missing. */
static enum hv_error build_without(uint64_t missing, uint64_t leaf_bytes, uint64_t count, unsigned levels[2])
{
	static _Alignas(PAGE_BYTES) uint8_t tables[8 * PAGE_BYTES];
	const struct region region = {(uintptr_t)tables, (uintptr_t)tables + count * PAGE_BYTES};

	assert_int_equal(stage2_build_identity(&stage2, 40, region, &vendor), HV_OK);
	m.boot.ram_leaf_bytes = leaf_bytes;
	iommu.unit_count = 2;
	iommu.units[0].cap = GOOD_CAP;
	iommu.units[1].cap = GOOD_CAP & ~missing;
	pages.next = pages.end - 3 * PAGE_BYTES;
	const enum hv_error error = vtd_build(&m, &stage2, &pages);

	assert_int_not_equal(stage2_walk(&stage2, gpa(0x123456), &levels[0]), 0);
	assert_int_not_equal(stage2_walk(&stage2, gpa(1u << 30), &levels[1]), 0);
	return error;
}

/* One table for all: leaves over RAM are what the poorest unit can walk; 4 KiB ones need room that the loader makes. */
static void leaves_suit_every_unit(void **state)
{
	unsigned levels[2];

	(void)state;
	assert_int_equal(build_without(0, BOOT_LEAF_2MIB, 4, levels), HV_OK);
	assert_int_equal(levels[0], 3);
	assert_int_equal(build_without(CAP_SLLPS_1GIB, BOOT_LEAF_2MIB, 4, levels), HV_OK);
	assert_int_equal(levels[0], 2);
	assert_int_equal(levels[1], 3); /* no RAM there: the unit blocks it */
	m.boot.dma.reserved_count = 1;
	m.boot.dma.reserved[0] = (struct boot_range){0x200000, 4 * PAGE_BYTES};
	assert_int_equal(build_without(CAP_SLLPS_1GIB, BOOT_LEAF_2MIB, 4, levels), HV_OK);
	m.boot.dma.reserved[0].base = (1u << 30) - PAGE_BYTES; /* into the GiB without RAM */
	assert_int_equal(build_without(CAP_SLLPS_1GIB, BOOT_LEAF_2MIB, 4, levels), HV_E_IOMMU_UNIT);
	m.boot.dma.reserved[0].bytes = 2 * PAGE_BYTES; /* of which the last page lies there */
	assert_int_equal(build_without(CAP_SLLPS_1GIB, BOOT_LEAF_2MIB, 4, levels), HV_E_IOMMU_UNIT);
	assert_int_equal(build_without(0, BOOT_LEAF_2MIB, 4, levels), HV_OK);
	m.boot.dma.reserved_count = 0;
	assert_int_equal(build_without(CAP_SLLPS_1GIB, BOOT_LEAF_2MIB, 3, levels), HV_E_STAGE2_FULL);
	assert_int_equal(build_without(CAP_SLLPS_2MIB, BOOT_LEAF_2MIB, 4, levels), HV_E_SMALL_PAGES);
	assert_int_equal(build_without(CAP_SLLPS_2MIB | CAP_SLLPS_1GIB, BOOT_LEAF_2MIB, 4, levels), HV_E_SMALL_PAGES);
	/* hv_prepare() has made them small already */
	assert_int_equal(build_without(CAP_SLLPS_2MIB | CAP_SLLPS_1GIB, BOOT_LEAF_4KIB, 4, levels), HV_OK);
}

static void prepare(uint64_t cap, uint64_t ecap)
{
	put(VTD_CAP.offset, cap);
	put(VTD_ECAP.offset, ecap);
	assert_int_equal(vtd_check(unit), HV_OK);
	assert_int_equal(vtd_build(&m, &stage2, &pages), HV_OK);
}

static void enables_by_queue(void **state)
{
	(void)state;
	prepare(GOOD_CAP, GOOD_ECAP);
	assert_false(iommu_translates(&m));
	assert_int_equal(iommu_enable(&m), HV_OK);
	assert_int_equal(get(VTD_RTADDR.offset), iommu.root_table.value);
	assert_int_equal(requests, 0x11d2); /* context cache, IOTLB with reads and writes drained */
	assert_true(iommu_translates(&m));
	set_status(0); /* once is enough: the second CPU changes nothing */
	assert_int_equal(iommu_enable(&m), HV_OK);
	assert_int_equal(status(), 0);
	assert_false(iommu_translates(&m));
	set_status(GLOBAL_TE);
	put(VTD_RTADDR.offset, 0);
	assert_false(iommu_translates(&m));
}

static void enables_by_register(void **state)
{
	(void)state;
	prepare(GOOD_CAP | CAP_RWBF | CAP_PLMR, GOOD_ECAP & ~ECAP_QI);
	queue_works = false;
	flushes = 0;
	put(VTD_PMEN.offset, 1u << 31);
	assert_int_equal(get(VTD_PMEN.offset) & PMEN_PRS, 0);
	assert_int_equal(iommu_enable(&m), HV_OK);
	assert_int_equal((uint32_t)get(VTD_PMEN.offset), 0);
	assert_int_equal(flushes, 1);
	assert_int_equal(get(VTD_CCMD.offset), CCMD_GLOBAL);
	assert_int_equal(get(IOTLB), IOTLB_GLOBAL | IOTLB_DR | IOTLB_DW);
	assert_true(iommu_translates(&m));
}

/*
 * The firmware's own protection: never off on the way, its queue worked off, its table and what is cached of it gone.
 */
static void takes_over(void **state)
{
	(void)state;
	prepare(GOOD_CAP, GOOD_ECAP);
	put(VTD_RTADDR.offset, 0x5000);
	latched = 0x5000;
	set_status(GLOBAL_TE | GLOBAL_SRTP | GLOBAL_QIE);
	put(IQH, 0x40);
	put(VTD_IQT.offset, 0x40);
	assert_int_equal(vtd_check(unit), HV_OK);
	assert_int_equal(iommu_enable(&m), HV_OK); /* global_command() watches that TE stays */
	assert_int_equal(latched, iommu.root_table.value);
	assert_int_equal(get(VTD_IQA.offset), iommu.queue.value);
	assert_int_equal(requests, 0x11d2);
	assert_true(iommu_translates(&m));
}

/* A firmware queue that never ends, or cannot be switched off. */
static void takes_over_in_bounded_time(void **state)
{
	(void)state;
	prepare(GOOD_CAP, GOOD_ECAP);
	set_status(GLOBAL_TE | GLOBAL_SRTP | GLOBAL_QIE);
	put(IQH, 0x30);
	queue_works = false;
	put(VTD_IQT.offset, 0x40);
	assert_int_equal(iommu_enable(&m), HV_E_IOMMU_TIMEOUT);
	assert_true((status() & GLOBAL_TE) != 0);
	put(IQH, 0x40);
	answers &= ~GLOBAL_QIE;
	assert_int_equal(iommu_enable(&m), HV_E_IOMMU_TIMEOUT);
	assert_false(iommu.enabled);
}

/* Whatever does not answer ends the wait in bounded time, and translation is not said to be on. */
static void bounded_waits(void **state)
{
	const uint32_t all = GLOBAL_TE | GLOBAL_QIE | GLOBAL_SRTP | 1;
	const uint32_t lost[] = {GLOBAL_SRTP, GLOBAL_QIE, GLOBAL_TE};

	prepare(GOOD_CAP, GOOD_ECAP);
	for (size_t i = 0; i < 3; i++) {
		set_status(0);
		answers = all & ~lost[i];
		if (lost[i] == GLOBAL_SRTP)
			answers &= ~GLOBAL_TE;
		assert_int_equal(iommu_enable(&m), HV_E_IOMMU_TIMEOUT);
		assert_false(iommu_translates(&m));
		assert_false(iommu.enabled);
		assert_false(iommu.lock.held);
	}
	set_status(0);
	answers = all;
	queue_works = false;
	assert_int_equal(iommu_enable(&m), HV_E_IOMMU_TIMEOUT);
	teardown(state);
	setup(state);
	prepare(GOOD_CAP, GOOD_ECAP & ~ECAP_QI);
	answers = all & ~1u;
	assert_int_equal(iommu_enable(&m), HV_E_IOMMU_TIMEOUT);
}

static void record(uint32_t index, uint64_t address, uint64_t high)
{
	put(FAULTS + 16 * index, address);
	put(FAULTS + 16 * index + 8, high | FAULT_F);
	registers[VTD_FSTS.offset] |= FSTS_PPF;
}

static void faults_are_logged(void **state)
{
	(void)state;
	prepare(GOOD_CAP, GOOD_ECAP);
	assert_int_equal(iommu_enable(&m), HV_OK);
	lines = 0;
	iommu_poll(&m);
	assert_int_equal(lines, 0);
	record(0, 0xfed41000, 5ull << 32 | 0x28);
	record(1, 0x123456789000, FAULT_READ | 6ull << 32 | 0xffff);
	iommu_poll(&m);
	assert_int_equal(iommu.faults, 2);
	assert_int_equal(iommu.overflows, 0);
	assert_int_equal(lines, 2);
	assert_string_equal(last_line, "dma: device ff:1f.7: read of 123456789000 refused, reason 6");
	assert_int_equal(get(FAULTS + 8) & FAULT_F, 0);
	assert_int_equal(get(FAULTS + 24) & FAULT_F, 0);
	iommu.lock.held = true; /* another CPU reads them: no waiting */
	record(0, 0, 0);
	iommu_poll(&m);
	assert_int_equal(iommu.faults, 2);
}

/* More than the records hold: that much is known, counted and said, in the same measure as the faults. */
static void lost_faults_are_counted(void **state)
{
	(void)state;
	prepare(GOOD_CAP, GOOD_ECAP);
	assert_int_equal(iommu_enable(&m), HV_OK);
	lines = 0;
	for (unsigned i = 0; i < 20; i++) {
		record(0, 0x1000, 5ull << 32);
		registers[VTD_FSTS.offset] |= FSTS_PFO;
		iommu_poll(&m);
		assert_int_equal(registers[VTD_FSTS.offset] & FSTS_PFO, 0);
		if (i == 0)
			assert_string_equal(last_line, "dma: unit fed90000: faults lost");
	}
	assert_int_equal(iommu.faults, 20);
	assert_int_equal(iommu.overflows, 20);
	assert_int_equal(lines, 16);
}

/* On the way of other exits: the first one reads, and then one in a second. */
static void seldom_is_once_a_second(void **state)
{
	(void)state;
	prepare(GOOD_CAP, GOOD_ECAP);
	assert_int_equal(iommu_enable(&m), HV_OK);
	ticks += 1000000;
	for (unsigned i = 0; i < 3000; i++) { /* three seconds: each look at the clock is a millisecond */
		record(0, 0x1000, 5ull << 32);
		iommu_poll_throttled(&m);
	}
	assert_in_range(iommu.faults, 3, 4);
}

static void a_flood_is_counted(void **state)
{
	(void)state;
	prepare(GOOD_CAP, GOOD_ECAP);
	assert_int_equal(iommu_enable(&m), HV_OK);
	lines = 0;
	for (unsigned i = 0; i < 100; i++) {
		record(0, 0x1000, 5ull << 32);
		iommu_poll(&m);
	}
	assert_int_equal(iommu.faults, 100);
	assert_int_equal(lines, 16);
	uptime += 1000000;
	record(0, 0x1000, 5ull << 32);
	iommu_poll(&m);
	assert_int_equal(lines, 18); /* 84 were not shown, and this one */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(checks_capabilities, setup, teardown),
		cmocka_unit_test_setup_teardown(every_device_has_stage2, setup, teardown),
		cmocka_unit_test_setup_teardown(three_levels, setup, teardown),
		cmocka_unit_test_setup_teardown(leaves_suit_every_unit, setup, teardown),
		cmocka_unit_test_setup_teardown(enables_by_queue, setup, teardown),
		cmocka_unit_test_setup_teardown(enables_by_register, setup, teardown),
		cmocka_unit_test_setup_teardown(takes_over, setup, teardown),
		cmocka_unit_test_setup_teardown(takes_over_in_bounded_time, setup, teardown),
		cmocka_unit_test_setup_teardown(bounded_waits, setup, teardown),
		cmocka_unit_test_setup_teardown(faults_are_logged, setup, teardown),
		cmocka_unit_test_setup_teardown(lost_faults_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(seldom_is_once_a_second, setup, teardown),
		cmocka_unit_test_setup_teardown(a_flood_is_counted, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
