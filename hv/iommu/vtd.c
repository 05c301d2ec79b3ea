/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Intel VT-d in legacy mode: one context for every device, the CPU's stage-2 table as its second level. */
#include "vtd.h"

#include "machine/machine.h"
#include "memory/stage2.h"
#include "machine/wait.h"

#define ENTRIES     256u
#define ROOT_DOMAIN 1u /* 0 is the caches' own where CAP.CM is set (6.1) */

struct entry {
	uint64_t low, high;
};

/* The invalidation queue's page: three requests, and what the last of them writes when it is reached. */
struct queue {
	struct entry requests[3];
	uint32_t done;
};

/* Where the capabilities put these registers. */
static vtd_register64 iotlb(const struct iommu_unit *unit)
{
	return (vtd_register64){ECAP_IRO(unit->ecap) + 8};
}

static uint32_t fault_offset(const struct iommu_unit *unit, uint32_t index)
{
	return CAP_FRO(unit->cap) + FAULT_BYTES * index;
}

/* Stage 2 has three or four levels. */
static bool walks_stage2(const struct iommu_unit *unit)
{
	return (unit->cap & (CAP_SAGAW_39 | CAP_SAGAW_48)) != 0;
}

/*
 * A unit that the firmware has on (pre-boot DMA protection) is taken over as it translates. Not one whose translation
 * has another mode, which would have to be off in between; and interrupts that it remaps are the firmware's.
 */
static bool can_take_over(const struct iommu_unit *unit)
{
	const uint32_t status = vtd_read32(unit, VTD_GSTS);

	return (status & GLOBAL_IRE) == 0 &&
	       ((status & GLOBAL_TE) == 0 || (vtd_read64(unit, VTD_RTADDR) & RTADDR_TTM) == 0);
}

enum hv_error vtd_check(struct iommu_unit *unit)
{
	const uint32_t version = vtd_read32(unit, VTD_VER);

	unit->cap = vtd_read64(unit, VTD_CAP);
	unit->ecap = vtd_read64(unit, VTD_ECAP);
	if (version == UINT32_MAX || unit->cap == UINT64_MAX || unit->ecap == UINT64_MAX || !walks_stage2(unit) ||
	    iotlb(unit).offset + sizeof(uint64_t) > unit->bytes ||
	    fault_offset(unit, CAP_RECORDS(unit->cap)) > unit->bytes ||
	    (VER_MAJOR(version) >= VER_QUEUE_ONLY && (unit->ecap & ECAP_QI) == 0))
		return HV_E_IOMMU_UNIT;
	return can_take_over(unit) ? HV_OK : HV_E_IOMMU_BUSY;
}

/* The capabilities that all units have: they walk the same tables. */
static struct iommu_unit common(const struct iommu *iommu)
{
	struct iommu_unit unit = {.cap = UINT64_MAX, .ecap = UINT64_MAX};

	for (uint32_t i = 0; i < iommu->unit_count; i++) {
		unit.cap &= iommu->units[i].cap;
		unit.ecap &= iommu->units[i].ecap;
	}
	return unit;
}

/*
 * Leaves over RAM become as small as what every unit with the capabilities @cap can walk, for CPUs and devices alike.
 * Elsewhere larger ones may remain: to a unit without them the bit that makes an entry a leaf is reserved, so it blocks
 * accesses there (11.4.2, SSLPS; 9.8).
 */
static enum hv_error limit_leaves(const struct boot_info *boot, struct stage2 *stage2, uint64_t cap)
{
	if ((cap & CAP_SLLPS_2MIB) == 0)
		return boot->ram_leaf_bytes == BOOT_LEAF_4KIB ? HV_OK : HV_E_SMALL_PAGES;
	return (cap & CAP_SLLPS_1GIB) != 0 ? HV_OK : stage2_limit_leaves(stage2, boot, BOOT_LEAF_2MIB);
}

/* Devices must reach what the firmware reserves for them, where there is no RAM as well. */
static bool reach_reserved(const struct machine *m, const struct stage2 *stage2, uint64_t cap)
{
	const unsigned largest = (cap & CAP_SLLPS_2MIB) == 0 ? 1 : (cap & CAP_SLLPS_1GIB) == 0 ? 2 : 3;
	unsigned level;

	for (uint32_t i = 0; i < m->boot.dma.reserved_count; i++) {
		const struct boot_range *const range = &m->boot.dma.reserved[i];

		for (uint64_t at = range->base; at < range->base + range->bytes; at += PAGE_BYTES) {
			if (stage2_walk(stage2, gpa(at), &level) == 0 || level > largest)
				return false;
		}
	}
	return true;
}

static uint64_t ram_end(const struct boot_info *boot)
{
	const struct boot_range *const last = &boot->ram[boot->ram_count - 1];

	return last->base + last->bytes;
}

/*
 * All buses have one context table, whose entries all lead to stage 2: bridges, phantom functions and what is plugged
 * in later.
 */
static void fill_tables(struct iommu *iommu, paddr_t contexts, const struct entry *context)
{
	struct entry *const root = region_pointer(iommu->root_table);
	struct entry *const table = region_pointer(contexts);

	for (uint32_t i = 0; i < ENTRIES; i++) {
		table[i] = *context;
		root[i] = (struct entry){contexts.value | ENTRY_PRESENT, 0};
	}
}

enum hv_error vtd_build(struct machine *m, struct stage2 *stage2, struct region *region)
{
	struct iommu *const iommu = m->iommu;
	const struct iommu_unit all = common(iommu);
	const paddr_t contexts = region_take(region, 1);
	struct entry context = {stage2->root.value | ENTRY_PRESENT, CONTEXT_AW_48 | CONTEXT_DOMAIN(ROOT_DOMAIN)};

	iommu->root_table = region_take(region, 1);
	iommu->queue = region_take(region, 1);
	if (contexts.value == 0 || iommu->root_table.value == 0 || iommu->queue.value == 0)
		return HV_E_REGION;
	if ((all.cap & CAP_SAGAW_48) == 0) { /* three levels: the part of stage 2 for the first 512 GiB */
		if ((all.cap & CAP_SAGAW_39) == 0 || ram_end(&m->boot) > 1ull << 39)
			return HV_E_IOMMU_UNIT;
		context.low = stage2_first_table(stage2).value | ENTRY_PRESENT;
		context.high = CONTEXT_AW_39 | CONTEXT_DOMAIN(ROOT_DOMAIN);
	}
	const enum hv_error error = limit_leaves(&m->boot, stage2, all.cap);

	if (error != HV_OK)
		return error;
	if (!reach_reserved(m, stage2, all.cap))
		return HV_E_IOMMU_UNIT;
	fill_tables(iommu, contexts, &context);
	if ((all.ecap & ECAP_C) == 0)
		wbinvd(); /* the walks do not see the caches; stage 2 is final, too */
	return HV_OK;
}

/* GCMD takes one command at a time, on top of the states that stay; it is done when GSTS shows it. */
bool vtd_command(const struct iommu *iommu, const struct iommu_unit *unit, uint32_t bit)
{
	vtd_write32(unit, VTD_GCMD, (vtd_read32(unit, VTD_GSTS) & GSTS_KEPT) | bit);
	return wait_until((vtd_read32(unit, VTD_GSTS) & bit) != 0, iommu->tsc_khz, IOMMU_TIMEOUT_US);
}

/*
 * 6.8: on units with CAP.RWBF, what the CPU wrote may still be in the chipset. This status bit falls when it is done.
 */
static bool flush_write_buffer(const struct iommu *iommu, const struct iommu_unit *unit)
{
	if ((unit->cap & CAP_RWBF) == 0)
		return true;
	vtd_write32(unit, VTD_GCMD, (vtd_read32(unit, VTD_GSTS) & GSTS_KEPT) | GLOBAL_WBF);
	return wait_until((vtd_read32(unit, VTD_GSTS) & GLOBAL_WBF) == 0, iommu->tsc_khz, IOMMU_TIMEOUT_US);
}

/* The firmware's queue, if it has one, is worked off first (6.5.2). */
static bool end_queue(const struct iommu *iommu, const struct iommu_unit *unit)
{
	if ((vtd_read32(unit, VTD_GSTS) & GLOBAL_QIE) == 0)
		return true;
	if (!wait_until(vtd_read64(unit, VTD_IQH) == vtd_read64(unit, VTD_IQT), iommu->tsc_khz, IOMMU_TIMEOUT_US))
		return false;
	vtd_write32(unit, VTD_GCMD, vtd_read32(unit, VTD_GSTS) & GSTS_KEPT & ~GLOBAL_QIE);
	return wait_until((vtd_read32(unit, VTD_GSTS) & GLOBAL_QIE) == 0, iommu->tsc_khz, IOMMU_TIMEOUT_US);
}

/* 6.5.1 */
static bool invalidate_by_register(const struct iommu *iommu, const struct iommu_unit *unit)
{
	vtd_write64(unit, VTD_CCMD, CCMD_ICC | CCMD_GLOBAL);
	if (!wait_until((vtd_read64(unit, VTD_CCMD) & CCMD_ICC) == 0, iommu->tsc_khz, IOMMU_TIMEOUT_US))
		return false;
	vtd_write64(unit, iotlb(unit), IOTLB_IVT | IOTLB_GLOBAL | IOTLB_DR | IOTLB_DW);
	return wait_until((vtd_read64(unit, iotlb(unit)) & IOTLB_IVT) == 0, iommu->tsc_khz, IOMMU_TIMEOUT_US);
}

/* 6.5.2: context cache, then IOTLB, then a note that both are done. The units use the page one after the other. */
static bool invalidate_by_queue(const struct iommu *iommu, const struct iommu_unit *unit)
{
	struct queue *const queue = region_pointer(iommu->queue);

	*queue = (struct queue){.requests = {{QI_CONTEXT_GLOBAL, 0},
					     {QI_IOTLB_GLOBAL, 0},
					     {QI_WAIT_STATUS | 1ull << 32, region_paddr(&queue->done).value}}};
	vtd_write64(unit, VTD_IQT, 0);
	vtd_write64(unit, VTD_IQA, iommu->queue.value);
	if (!vtd_command(iommu, unit, GLOBAL_QIE))
		return false;
	vtd_write64(unit, VTD_IQT, sizeof(queue->requests));
	return wait_until(__atomic_load_n(&queue->done, __ATOMIC_ACQUIRE) == 1, iommu->tsc_khz, IOMMU_TIMEOUT_US);
}

/* The firmware's protected memory regions would block what stage 2 allows: they end when translation has begun. */
static bool end_protected_regions(const struct iommu *iommu, const struct iommu_unit *unit)
{
	if ((unit->cap & (CAP_PLMR | CAP_PHMR)) == 0)
		return true;
	vtd_write32(unit, VTD_PMEN, 0);
	return wait_until((vtd_read32(unit, VTD_PMEN) & PMEN_PRS) == 0, iommu->tsc_khz, IOMMU_TIMEOUT_US);
}

static bool invalidate(const struct iommu *iommu, const struct iommu_unit *unit)
{
	return (unit->ecap & ECAP_QI) != 0 ? invalidate_by_queue(iommu, unit) : invalidate_by_register(iommu, unit);
}

/*
 * Translation that is on stays on: the root table changes under it, and global invalidations follow (6.6). Until they
 * are done a device may still see what the firmware's tables let it see.
 */
enum hv_error vtd_enable(const struct iommu *iommu, const struct iommu_unit *unit)
{
	vtd_write64(unit, VTD_RTADDR, iommu->root_table.value);
	if (!flush_write_buffer(iommu, unit) || !vtd_command(iommu, unit, GLOBAL_SRTP) || !end_queue(iommu, unit) ||
	    !invalidate(iommu, unit) || !vtd_command(iommu, unit, GLOBAL_TE) || !end_protected_regions(iommu, unit))
		return HV_E_IOMMU_TIMEOUT;
	return HV_OK;
}

bool vtd_translates(const struct iommu *iommu, const struct iommu_unit *unit)
{
	return (vtd_read32(unit, VTD_GSTS) & GLOBAL_TE) != 0 && vtd_read64(unit, VTD_RTADDR) == iommu->root_table.value;
}

/* One record, which the unit fills again when its F bit has been cleared. */
static void read_record(struct machine *m, const struct iommu_unit *unit, uint32_t offset)
{
	const uint64_t high = vtd_read64(unit, (vtd_register64){offset + 8});

	if ((high & FAULT_F) == 0)
		return;
	const gpa_t address = gpa(vtd_read64(unit, (vtd_register64){offset}));

	vtd_write32(unit, (vtd_register32){offset + 12}, FAULT_F >> 32);
	iommu_fault(m, FAULT_SOURCE(high), address, (high & FAULT_READ) == 0, FAULT_REASON(high));
}

void vtd_poll(struct machine *m, const struct iommu_unit *unit)
{
	const uint32_t status = vtd_read32(unit, VTD_FSTS);

	if ((status & (FSTS_PFO | FSTS_PPF)) == 0)
		return;
	for (uint32_t i = 0; i < CAP_RECORDS(unit->cap); i++)
		read_record(m, unit, fault_offset(unit, i));
	if ((status & FSTS_PFO) != 0) { /* written back to clear it */
		vtd_write32(unit, VTD_FSTS, FSTS_PFO);
		iommu_overflow(m, unit);
	}
}
