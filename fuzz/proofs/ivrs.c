/* SPDX-License-Identifier: GPL-2.0-or-later */
/* loader/ivrs.c: as dmar.c. An entry's settings are proven in ivrs_settings.c; here they may have any result. */
#include "loader/ivrs.c"

#define STRUCTURE_MAX 48u /* holds an entry with a HID, its UID, and one that is cut */
#include "structure.h"

/* In place of note_setting() (proofs.mk). */
bool any_setting(struct dma_table *out, uint16_t first, uint16_t last, uint8_t settings)
{
	return any_bool();
}

void prove_ivrs_block(void)
{
	check_structures(read_block);
}
