/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AMD-Vi: one device table entry for every device, the CPU's nested page table as its host page table. */
#include "iommu.h"

#include "amdvi_registers.h"
#include "machine/machine.h"
#include "memory/stage2.h"
#include "stage2_format.h"
#include "machine/wait.h"
#include "x86/instructions.h"

#define DEVICES     65536u
#define ROOT_DOMAIN 1u
#define EVENT_BYTES 16u

struct device_entry {
	uint64_t data[4];
};

/* The command buffer's page: two commands, and what the second one stores. */
struct commands {
	uint64_t commands[2][2];
	uint64_t done;
};

static uint64_t amdvi_read(const struct iommu_unit *unit, amdvi_register at)
{
	return mmio_read64(unit->base + at.offset);
}

static void amdvi_write(const struct iommu_unit *unit, amdvi_register at, uint64_t value)
{
	mmio_write64(unit->base + at.offset, value);
}

/* Every CPU with SMAP, which the hypervisor needs, is younger than the last unit without INVALIDATE_IOMMU_ALL. */
enum hv_error amdvi_check(struct iommu_unit *unit)
{
	const uint64_t control = amdvi_read(unit, AMDVI_CONTROL);

	unit->cap = amdvi_read(unit, AMDVI_FEATURES);
	if (unit->cap == UINT64_MAX || control == UINT64_MAX || (unit->cap & FEATURE_IA) == 0)
		return HV_E_IOMMU_UNIT;
	return HV_OK;
}

/*
 * Nested page tables and the units' host page tables have one format, each with bits that the other leaves to software:
 * the rights to read and write, and the level of the table that an entry leads to (0: a page of the size of the entry's
 * level).
 */
static void allow_devices(paddr_t table, unsigned level)
{
	uint64_t *const entries = region_pointer(table);

	for (unsigned i = 0; i < PAGE_BYTES / sizeof(entries[0]); i++) {
		const bool leaf = stage2_is_leaf(entries[i], level);

		if (!stage2_present(entries[i]))
			continue;
		if (!leaf)
			allow_devices(stage2_address(entries[i]), level - 1);
		entries[i] |= IO_READ | (stage2_read_only(entries[i]) != entries[i] ? IO_WRITE : 0) |
			      IO_NEXT_LEVEL(leaf ? 0 : level - 1);
	}
}

/* The interrupt map is not valid (IV): interrupts of every kind pass as they are. */
static void fill_device_table(paddr_t table, paddr_t root)
{
	struct device_entry *const entries = region_pointer(table);
	const struct device_entry entry = {
		{root.value | DTE_V | DTE_TV | DTE_LEVELS(4) | IO_READ | IO_WRITE, DTE_DOMAIN(ROOT_DOMAIN), 0, 0}};

	for (uint32_t i = 0; i < DEVICES; i++)
		entries[i] = entry;
}

/*
 * 2.2.2.1: a chipset's own messages, SMI among them, are refused but for numbers that the firmware names. The first
 * mode that it gives a number stays: two together would be a third one. The table is not refused: units may differ in
 * what they give all.
 */
static void apply_setting(paddr_t table, const struct boot_setting *setting)
{
	struct device_entry *const entries = region_pointer(table);

	for (uint32_t i = setting->first; i <= setting->last; i++) {
		if (entries[i].data[1] == DTE_DOMAIN(ROOT_DOMAIN))
			entries[i].data[1] |= DTE_SYSMGT(setting->sysmgt);
	}
}

enum hv_error amdvi_build(struct machine *m, struct stage2 *stage2, struct region *region)
{
	struct iommu *const iommu = m->iommu;

	iommu->root_table = region_take(region, DEVICES * sizeof(struct device_entry) / PAGE_BYTES);
	iommu->queue = region_take(region, 1);
	iommu->events = region_take(region, iommu->unit_count);
	if (iommu->root_table.value == 0 || iommu->queue.value == 0 || iommu->events.value == 0)
		return HV_E_REGION;
	allow_devices(stage2->root, 4);
	fill_device_table(iommu->root_table, stage2->root);
	for (uint32_t i = 0; i < m->boot.dma.setting_count; i++)
		apply_setting(iommu->root_table, &m->boot.dma.setting[i]);
	return HV_OK;
}

/* 2.4.8, 2.4.1: forget everything, then store a value when that is done. The units use the page one after the other. */
static bool invalidate(const struct iommu *iommu, const struct iommu_unit *unit)
{
	struct commands *const page = region_pointer(iommu->queue);

	*page = (struct commands){
		.commands = {{COMMAND_INVALIDATE_ALL, 0}, {COMMAND_WAIT | region_paddr(&page->done).value, 1}}};
	amdvi_write(unit, AMDVI_COMMAND_TAIL, sizeof(page->commands));
	return wait_until(__atomic_load_n(&page->done, __ATOMIC_ACQUIRE) == 1, iommu->tsc_khz, IOMMU_TIMEOUT_US);
}

static paddr_t events_of(const struct iommu *iommu, const struct iommu_unit *unit)
{
	return paddr(iommu->events.value + (uint64_t)(unit - iommu->units) * PAGE_BYTES);
}

/* Rings of the firmware, which may change only while they rest (3.4.2). Translation that is on stays on. */
static bool end_rings(const struct iommu *iommu, const struct iommu_unit *unit)
{
	amdvi_write(unit, AMDVI_CONTROL, amdvi_read(unit, AMDVI_CONTROL) & ~(CONTROL_EVENT_EN | CONTROL_CMDBUF_EN));
	return wait_until((amdvi_read(unit, AMDVI_STATUS) & (STATUS_EVENT_RUN | STATUS_CMD_RUN)) == 0, iommu->tsc_khz,
			  IOMMU_TIMEOUT_US);
}

/*
 * Tables and rings first, no exclusion range; then the unit, all at once. One write changes the device table of a unit
 * that translates; until the invalidation is done a device may still see what the firmware's table lets it see.
 */
enum hv_error amdvi_enable(const struct iommu *iommu, const struct iommu_unit *unit)
{
	if (!end_rings(iommu, unit))
		return HV_E_IOMMU_TIMEOUT;
	amdvi_write(unit, AMDVI_DEVICE_TABLE, iommu->root_table.value | DEVICE_TABLE_SIZE);
	amdvi_write(unit, AMDVI_COMMANDS, iommu->queue.value | RING_256);
	amdvi_write(unit, AMDVI_EVENTS, events_of(iommu, unit).value | RING_256);
	amdvi_write(unit, AMDVI_EXCLUSION, 0);
	amdvi_write(unit, AMDVI_EXCLUSION_TO, 0);
	amdvi_write(unit, AMDVI_COMMAND_HEAD, 0);
	amdvi_write(unit, AMDVI_COMMAND_TAIL, 0);
	amdvi_write(unit, AMDVI_EVENT_HEAD, 0);
	amdvi_write(unit, AMDVI_EVENT_TAIL, 0);
	amdvi_write(unit, AMDVI_CONTROL,
		    CONTROL_COHERENT | CONTROL_HT_TUN_EN | CONTROL_EVENT_EN | CONTROL_CMDBUF_EN | CONTROL_IOMMU_EN);
	return invalidate(iommu, unit) ? HV_OK : HV_E_IOMMU_TIMEOUT;
}

bool amdvi_translates(const struct iommu *iommu, const struct iommu_unit *unit)
{
	return (amdvi_read(unit, AMDVI_CONTROL) & CONTROL_IOMMU_EN) != 0 &&
	       amdvi_read(unit, AMDVI_DEVICE_TABLE) == (iommu->root_table.value | DEVICE_TABLE_SIZE);
}

/* An overflow stops the log until it is switched off and on (2.5.1). */
static void restart_log(const struct iommu_unit *unit)
{
	const uint64_t control = amdvi_read(unit, AMDVI_CONTROL);

	amdvi_write(unit, AMDVI_CONTROL, control & ~CONTROL_EVENT_EN);
	amdvi_write(unit, AMDVI_STATUS, STATUS_OVERFLOW);
	amdvi_write(unit, AMDVI_CONTROL, control);
}

/*
 * Head and tail are offsets in the ring, so at most one ring is read. The tail may be seen before the record that it
 * announces: a record without a code (2.5) waits for the next poll. A record that was read loses its code, and is not
 * read again a lap later.
 */
void amdvi_poll(struct machine *m, const struct iommu_unit *unit)
{
	volatile uint64_t *const ring = region_pointer(events_of(m->iommu, unit));
	const uint64_t tail = amdvi_read(unit, AMDVI_EVENT_TAIL) & (PAGE_MASK & ~(EVENT_BYTES - 1ull));
	uint64_t head = amdvi_read(unit, AMDVI_EVENT_HEAD) & (PAGE_MASK & ~(EVENT_BYTES - 1ull));

	for (; head != tail; head = (head + EVENT_BYTES) & PAGE_MASK) {
		volatile uint64_t *const record = ring + head / sizeof(*ring);
		const uint64_t low = record[0];

		if (EVENT_CODE(low) == 0)
			break;
		iommu_fault(m, EVENT_SOURCE(low), gpa(record[1]), (low & EVENT_WRITE) != 0, EVENT_CODE(low));
		record[0] = 0;
	}
	amdvi_write(unit, AMDVI_EVENT_HEAD, head);
	if ((amdvi_read(unit, AMDVI_STATUS) & STATUS_OVERFLOW) != 0) {
		restart_log(unit);
		iommu_overflow(m, unit);
	}
}
