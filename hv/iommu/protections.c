/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What devices are kept from: not what was intended, but what the table has that every unit walks. */
#include "iommu.h"

#include "cloister/statement.h"
#include "machine/machine.h"
#include "memory/stage2.h"

/* Is no page of these there? Where a walk ends, nothing is there as far as the entry reaches. */
static bool absent(const struct stage2 *stage2, gpa_t base, uint64_t bytes)
{
	uint64_t at = base.value;

	while (at < base.value + bytes) {
		unsigned level = 1;

		if (stage2_walk(stage2, gpa(at), &level) != 0)
			return false;
		at = (at | (stage2_span(level) - 1)) + 1;
	}
	return true;
}

static bool units_absent(const struct iommu *iommu, const struct stage2 *stage2)
{
	for (uint32_t i = 0; i < iommu->unit_count; i++) {
		if (!absent(stage2, gpa(iommu->units[i].base), iommu->units[i].bytes))
			return false;
	}
	return true;
}

uint32_t iommu_protections(const struct machine *m, const struct stage2 *stage2)
{
	if (m->iommu->unit_count == 0)
		return 0;
	const bool memory = absent(stage2, gpa(m->boot.region.base), m->boot.region.bytes) &&
			    absent(stage2, gpa(m->boot.pool.base), m->boot.pool.bytes);
	const bool tpm = absent(stage2, gpa(BOOT_TPM_LOCALITY_1), BOOT_TPM_LOCALITIES_BYTES);

	/* No entry lets a translated request pass (VT-d 5.1, 9.3: TT is 00; AMD IOMMU 3.08, 2.2.2.1: I is 0). */
	return 1u << HK_DMA_ATS | (uint32_t)memory << HK_DMA_MEMORY | (uint32_t)tpm << HK_DMA_TPM |
	       (uint32_t)units_absent(m->iommu, stage2) << HK_DMA_UNITS;
}
