/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt remapping of VT-d: a device may raise the interrupts that the table has for it, and no other. In no image yet.
 * It will be needed as soon as a device belongs to a protected guest, whose interrupts nobody else's device may raise. Until
 * then it would take more than it gives: the root guest owns all devices and programs their messages itself, in the
 * compatibility format, which a unit refuses that remaps for x2APIC (VT-d 5.1.4).
 */
#ifndef HV_VTD_IR_H
#define HV_VTD_IR_H

#include "cloister/errors.h"
#include "iommu/iommu.h"

#define VTD_IR_ENTRIES 256u /* one page */

struct vtd_irte {
	uint64_t low, high;
};

/**
 * Entry @index: what device @source sends with this handle becomes interrupt @vector of the CPU with APIC ID @apic_id: fixed,
 * edge-triggered. Takes effect with vtd_ir_invalidate(), and after a write-back of the caches on units without ECAP.C.
 */
void vtd_ir_set(struct vtd_irte *table, uint8_t index, uint16_t source, uint8_t vector, uint32_t apic_id);

/* Makes a unit forget the entries that it knows. False: it did not in time. */
bool vtd_ir_invalidate(const struct iommu *iommu, const struct iommu_unit *unit);

/**
 * Switches remapping on in a unit that translates.
 * @table: VTD_IR_ENTRIES entries; one that is not present refuses its interrupt
 * Returns HV_OK, HV_E_IOMMU_UNIT if the unit cannot do it, or HV_E_IOMMU_TIMEOUT.
 */
enum hv_error vtd_ir_enable(const struct iommu *iommu, const struct iommu_unit *unit, paddr_t table);

#endif
