/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access to the registers of one VT-d unit. */
#ifndef CLOISTER_IOMMU_VTD_H
#define CLOISTER_IOMMU_VTD_H

#include "iommu.h"
#include "vtd_registers.h"
#include "x86/instructions.h"

static inline uint32_t vtd_read32(const struct iommu_unit *unit, vtd_register32 at)
{
	return mmio_read32(unit->base + at.offset);
}

static inline uint64_t vtd_read64(const struct iommu_unit *unit, vtd_register64 at)
{
	return mmio_read64(unit->base + at.offset);
}

static inline void vtd_write32(const struct iommu_unit *unit, vtd_register32 at, uint32_t value)
{
	mmio_write32(unit->base + at.offset, value);
}

static inline void vtd_write64(const struct iommu_unit *unit, vtd_register64 at, uint64_t value)
{
	mmio_write64(unit->base + at.offset, value);
}

/* Gives a command, one bit of VTD_GCMD, and waits until VTD_GSTS shows it. False: it did not in time. */
bool vtd_command(const struct iommu *iommu, const struct iommu_unit *unit, uint32_t bit);

#endif
