/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/iommu/ivrs.c: whatever the list of settings holds, a setting is kept in it or refused for want of room, once, and what was
 * there stays.
 */
#include "iommu/dma_table.h"

#include "proof.h"

/* The list is full after eight settings in place of 64: what the loop does with one it does with each. */
#undef DMA_MAX_SETTINGS
#define DMA_MAX_SETTINGS 8u

#include "iommu/ivrs.c"

void prove_ivrs_setting(void)
{
	struct dma_table table;
	uint16_t first, last;
	uint8_t settings;
	uint32_t any;

	ASSUME(table.setting_count <= DMA_MAX_SETTINGS && any < table.setting_count);
	const uint32_t before = table.setting_count;
	const struct dma_setting old = table.settings[any];
	const bool noted = note_setting(&table, first, last, settings);
	const struct dma_setting *const latest = &table.settings[table.setting_count - 1];

	PROVE(table.setting_count <= DMA_MAX_SETTINGS);
	PROVE(table.setting_count == before || (noted && table.setting_count == before + 1 && latest->first == first &&
						latest->last == last && latest->sysmgt == (settings >> 4 & 3)));
	PROVE(table.settings[any].first == old.first && table.settings[any].sysmgt == old.sysmgt);
	PROVE(noted || (before == DMA_MAX_SETTINGS && (settings >> 4 & 3) != 0));
	REACHABLE(!noted);
	REACHABLE(table.setting_count == before + 1);
	REACHABLE(noted && table.setting_count == before && (settings >> 4 & 3) != 0);
}
