/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All units of the machine: from the loader's records to translation, and their faults. */
#include "iommu.h"

#include "lib/failure.h"
#include "machine/machine.h"
#include "memory/paging.h"
#include "memory/stage2.h"
#include "x86/instructions.h"

#define SECOND_US         1000000u
#define FAULTS_PER_SECOND 16u /* lines in the log; all are counted */

/* Every unit's registers: the hypervisor's alone. */
static enum hv_error take_unit(struct machine *m, struct stage2 *stage2, const struct boot_range *registers,
			       struct region *region)
{
	struct iommu_unit *const unit = &m->iommu->units[m->iommu->unit_count++];
	const enum hv_error error = stage2_hide(stage2, gpa(registers->base), registers->bytes);

	if (error != HV_OK)
		return error;
	*unit = (struct iommu_unit){.base = registers->base, .bytes = registers->bytes};
	paging_map_device(m->paging, region, paddr(unit->base), unit->bytes);
	return m->iommu->kind == IOMMU_VTD ? vtd_check(unit) : amdvi_check(unit);
}

struct hv_failure iommu_prepare(struct machine *m, struct stage2 *stage2, struct region *region)
{
	const struct boot_dma *const dma = &m->boot.dma;

	if (dma->unit_count == 0)
		return fails((m->boot.flags & BOOT_FLAG_DMA_REQUIRED) != 0 ? HV_E_NO_IOMMU : HV_OK);
	m->iommu->kind = dma->kind == BOOT_DMA_VTD ? IOMMU_VTD : IOMMU_AMDVI;
	m->iommu->tsc_khz = m->boot.tsc_khz;
	for (uint32_t i = 0; i < dma->unit_count; i++) {
		const enum hv_error error = take_unit(m, stage2, &dma->unit[i], region);

		if (error != HV_OK)
			return fails_at(error, dma->unit[i].base);
	}
	return fails(m->iommu->kind == IOMMU_VTD ? vtd_build(m, stage2, region) : amdvi_build(m, stage2, region));
}

static enum hv_error enable_unit(const struct iommu *iommu, const struct iommu_unit *unit)
{
	return iommu->kind == IOMMU_VTD ? vtd_enable(iommu, unit) : amdvi_enable(iommu, unit);
}

enum hv_error iommu_enable(struct machine *m)
{
	struct iommu *const iommu = m->iommu;
	enum hv_error error = HV_OK;

	lock_take(&iommu->lock);
	for (uint32_t i = 0; !iommu->enabled && error == HV_OK && i < iommu->unit_count; i++)
		error = enable_unit(iommu, &iommu->units[i]);
	if (!iommu->enabled && error == HV_OK && iommu->unit_count != 0)
		console_line(m, "dma: %u units translate", iommu->unit_count);
	iommu->enabled = error == HV_OK;
	lock_release(&iommu->lock);
	return error;
}

static bool unit_translates(const struct iommu *iommu, const struct iommu_unit *unit)
{
	return iommu->kind == IOMMU_VTD ? vtd_translates(iommu, unit) : amdvi_translates(iommu, unit);
}

bool iommu_translates(const struct machine *m)
{
	const struct iommu *const iommu = m->iommu;

	for (uint32_t i = 0; i < iommu->unit_count; i++) {
		if (!unit_translates(iommu, &iommu->units[i]))
			return false;
	}
	return iommu->unit_count != 0;
}

/* Is there room for a line in this second? */
static bool may_log(struct machine *m)
{
	struct iommu *const iommu = m->iommu;
	const uint64_t now = machine_uptime_us(m);

	if (now - iommu->second_us >= SECOND_US) {
		if (iommu->silent != 0)
			console_line(m, "dma: %u more faults, not shown", iommu->silent);
		iommu->second_us = now;
		iommu->logged = iommu->silent = 0;
	}
	if (iommu->logged == FAULTS_PER_SECOND) {
		iommu->silent++;
		return false;
	}
	iommu->logged++;
	return true;
}

void iommu_fault(struct machine *m, uint16_t source, gpa_t address, bool write, uint32_t reason)
{
	m->iommu->faults++;
	if (may_log(m))
		console_line(m, "dma: device %x:%x.%u: %s of %lx refused, reason %x", source >> 8, source >> 3 & 31u,
			     source & 7u, write ? "write" : "read", address.value, reason);
}

void iommu_overflow(struct machine *m, const struct iommu_unit *unit)
{
	m->iommu->overflows++;
	if (may_log(m))
		console_line(m, "dma: unit %lx: faults lost", unit->base);
}

void iommu_poll(struct machine *m)
{
	struct iommu *const iommu = m->iommu;

	if (!lock_try(&iommu->lock))
		return;
	for (uint32_t i = 0; iommu->enabled && i < iommu->unit_count; i++) {
		if (iommu->kind == IOMMU_VTD)
			vtd_poll(m, &iommu->units[i]);
		else
			amdvi_poll(m, &iommu->units[i]);
	}
	lock_release(&iommu->lock);
}

void iommu_poll_throttled(struct machine *m)
{
	const uint64_t now = rdtsc();

	if (now - __atomic_load_n(&m->iommu->polled_tsc, __ATOMIC_RELAXED) < m->boot.tsc_khz * 1000)
		return;
	__atomic_store_n(&m->iommu->polled_tsc, now, __ATOMIC_RELAXED);
	iommu_poll(m);
}
