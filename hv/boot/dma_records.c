/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the loader read in DMAR or IVRS, checked record by record: neither the table nor the loader's sums are relied
 * on.
 */
#include "boot_info.h"

#include "lib/failure.h"

/* Registers: at an address that is no memory, and no other unit's. */
static bool unit_sane(const struct boot_info *boot, uint32_t index, uint32_t phys_bits)
{
	const struct boot_range *const unit = &boot->dma.unit[index];

	return boot_range_sane(unit, phys_bits) && unit->base != 0 && boot_range_apart(unit, boot->dma.unit, index) &&
	       boot_range_apart(unit, boot->ram, boot->ram_count) && boot_range_unprotected(boot, unit);
}

static struct hv_failure check_reserved(const struct boot_info *boot, uint32_t phys_bits)
{
	for (uint32_t i = 0; i < boot->dma.reserved_count; i++) {
		const struct boot_range *const range = &boot->dma.reserved[i];

		if (!boot_range_sane(range, phys_bits))
			return fails_at(HV_E_DMA_TABLE, range->base);
		if (!boot_range_unprotected(boot, range) ||
		    !boot_range_apart(range, boot->dma.unit, boot->dma.unit_count))
			return fails_at(HV_E_DMA_RESERVED, range->base);
	}
	return fails(HV_OK);
}

static bool settings_sane(const struct boot_dma *dma)
{
	for (uint32_t i = 0; i < dma->setting_count; i++) {
		const struct boot_setting *const setting = &dma->setting[i];

		if (setting->first > setting->last || setting->sysmgt < 1 || setting->sysmgt > 3)
			return false;
	}
	return true;
}

struct hv_failure boot_dma_check(const struct boot_info *boot, uint32_t phys_bits)
{
	const struct boot_dma *const dma = &boot->dma;

	if (!settings_sane(dma))
		return fails(HV_E_BOOT_INFO);
	for (uint32_t i = 0; i < dma->unit_count; i++) {
		if (!unit_sane(boot, i, phys_bits))
			return fails_at(HV_E_DMA_TABLE, dma->unit[i].base);
	}
	return check_reserved(boot, phys_bits);
}
