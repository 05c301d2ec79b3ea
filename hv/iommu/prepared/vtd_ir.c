/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VT-d's interrupt remapping table, one for all devices. */
#include "iommu/prepared/vtd_ir.h"

#include "iommu/vtd.h"
#include "wait.h"

#define RING_ENTRIES 256u /* of the invalidation queue, which vtd.c has switched on */

/* 9.10. All else is 0: destination mode physical, delivery mode fixed, trigger mode edge, posting off, all of the source compared. */
#define IRTE_PRESENT        1ull
#define IRTE_VECTOR(n)      ((uint64_t)(n) << 16)
#define IRTE_DESTINATION(n) ((uint64_t)(n) << 32)
#define IRTE_SOURCE(n)      ((uint64_t)(n))
#define IRTE_SVT_SOURCE     (1ull << 18)

#define ECAP_IR       (1ull << 3)
#define ECAP_EIM      (1ull << 4)
#define IRTA_EIME     (1ull << 11) /* destinations of 32 bits; compatibility format is refused, whatever CFI says */
#define IRTA_SIZE_256 7ull
#define GLOBAL_SIRTP  (1u << 24)
#define QI_IEC_GLOBAL 4ull /* 6.5.2.7 */

void vtd_ir_set(struct vtd_irte *table, uint8_t index, uint16_t source, uint8_t vector, uint32_t apic_id)
{
	table[index].low = 0;
	table[index].high = IRTE_SOURCE(source) | IRTE_SVT_SOURCE;
	__atomic_store_n(&table[index].low, IRTE_PRESENT | IRTE_VECTOR(vector) | IRTE_DESTINATION(apic_id),
			 __ATOMIC_RELEASE);
}

/* 6.5.2: behind the last request, this one and a note that it is done, which is stored where the next one will stand. */
bool vtd_ir_invalidate(const struct iommu *iommu, const struct iommu_unit *unit)
{
	struct vtd_irte *const ring = region_pointer(iommu->queue);
	const uint64_t tail = vtd_read64(unit, VTD_IQT) / sizeof(*ring);
	struct vtd_irte *const next = &ring[(tail + 2) % RING_ENTRIES];

	next->low = 0;
	ring[tail] = (struct vtd_irte){QI_IEC_GLOBAL, 0};
	ring[(tail + 1) % RING_ENTRIES] =
		(struct vtd_irte){QI_WAIT_STATUS | 1ull << 32, region_paddr(&next->low).value};
	vtd_write64(unit, VTD_IQT, (uint64_t)(next - ring) * sizeof(*ring));
	return wait_until(__atomic_load_n(&next->low, __ATOMIC_ACQUIRE) == 1, iommu->tsc_khz, IOMMU_TIMEOUT_US);
}

/* 6.7: after a new table its cache is emptied, and then it is used. */
enum hv_error vtd_ir_enable(const struct iommu *iommu, const struct iommu_unit *unit, paddr_t table)
{
	const uint64_t needed = ECAP_QI | ECAP_IR | ECAP_EIM;

	if ((unit->ecap & needed) != needed)
		return HV_E_IOMMU_UNIT;
	vtd_write64(unit, VTD_IRTA, table.value | IRTA_EIME | IRTA_SIZE_256);
	if (!vtd_command(iommu, unit, GLOBAL_SIRTP) || !vtd_ir_invalidate(iommu, unit) ||
	    !vtd_command(iommu, unit, GLOBAL_IRE))
		return HV_E_IOMMU_TIMEOUT;
	return HV_OK;
}
