/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the firmware does with the DMA remapping units. */
#include "units.h"

#include <cloister/errors.h>

#include "mmio.h"
#include "uefi.h"

#define VTD_GSTS         0x1cu /* VT-d 5.1, 11.4.4.2 */
#define VTD_GSTS_TE      0x80000000u
#define AMDVI_CONTROL    0x18u /* AMD I/O Virtualization Technology 3.08, 3.4.2 */
#define AMDVI_CONTROL_EN 0x1u

static bool is_on(const struct boot_dma *dma, uint32_t index)
{
	const uint64_t base = dma->unit[index].base;

	if (dma->kind == BOOT_DMA_VTD)
		return (mmio_read_32(base + VTD_GSTS) & VTD_GSTS_TE) != 0;
	return (mmio_read_32(base + AMDVI_CONTROL) & AMDVI_CONTROL_EN) != 0;
}

bool units_check_driver(const struct boot_dma *dma, struct failure *failure)
{
	static const EFI_GUID iommu_protocol = {
		0x4e939de9, 0xd948, 0x4b0f, {0x88, 0xed, 0xe6, 0xe1, 0xce, 0x51, 0x7c, 0x1e}};

	if (!uefi_locate(&iommu_protocol))
		return true;
	for (uint32_t i = 0; i < dma->unit_count; i++) {
		if (is_on(dma, i))
			return fail_hv(failure, HV_E_IOMMU_BUSY, "unit at 0x%lx, and the firmware's driver for it",
				       dma->unit[i].base);
	}
	return true;
}
