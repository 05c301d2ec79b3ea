/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loader/ivrs.c: whatever the list of settings holds, a new setting is kept in it once, or refused because the list
 * is full, and the earlier settings stay.
 */
#include "loader/ivrs.c"

#include "proof.h"

void prove_ivrs_setting(void)
{
	struct dma_table table;
	uint16_t first, last;
	uint8_t settings;
	uint32_t any;

	ASSUME(table.records.setting_count <= BOOT_MAX_SETTINGS && any < table.records.setting_count);
	const uint32_t before = table.records.setting_count;
	const struct boot_setting old = table.records.setting[any];
	const bool noted = note_setting(&table, first, last, settings);
	const struct boot_setting *const latest = &table.records.setting[table.records.setting_count - 1];

	PROVE(table.records.setting_count <= BOOT_MAX_SETTINGS);
	PROVE(table.records.setting_count == before ||
	      (noted && table.records.setting_count == before + 1 && latest->first == first && latest->last == last &&
	       latest->sysmgt == (settings >> 4 & 3)));
	PROVE(table.records.setting[any].first == old.first && table.records.setting[any].sysmgt == old.sysmgt);
	PROVE(noted || (before == BOOT_MAX_SETTINGS && (settings >> 4 & 3) != 0));
	REACHABLE(!noted);
	REACHABLE(table.records.setting_count == before + 1);
	REACHABLE(noted && table.records.setting_count == before && (settings >> 4 & 3) != 0);
}
