/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * loader/dma_table.c: in any table of up to 80 bytes, with any reader, the walk hands out structures that follow each
 * other and inside the table, comes to an end, and says where it stopped.
 */
#include "loader/bytes.h"
#include "loader/dma_table.h"
#include "proof.h"

#define HEAD  48u
#define BYTES 80u

static uint8_t memory[BYTES];
static const uint8_t *next;
static bool refused;

static bool reader(const uint8_t *structure, uint32_t bytes, struct dma_table *out)
{
	const bool accepted = any_bool();

	PROVE(!refused);
	PROVE(structure == next);
	PROVE(bytes >= 4 && bytes <= (uint32_t)(memory + BYTES - structure));
	PROVE(bytes == (structure[2] | (uint32_t)structure[3] << 8));
	next = structure + bytes;
	refused = !accepted;
	if (accepted && out->records.unit_count < BOOT_MAX_UNITS && any_bool())
		out->records.unit_count++;
	return accepted;
}

void prove_dma_walk(void)
{
	struct dma_table table;
	uint32_t bytes;

	__CPROVER_havoc_object(memory);
	ASSUME(bytes <= BYTES);
	const uint8_t *const data = memory + BYTES - bytes;

	next = bytes >= HEAD ? data + HEAD : 0;
	table.records.unit_count = 0;
	const bool walked = dma_table_walk(data, bytes, HEAD, reader, &table);

	PROVE(!walked || (!refused && next == memory + BYTES && table.records.unit_count != 0));
	PROVE(!walked || get_le32(data + 4) == bytes);
	PROVE(table.where < bytes || table.where == 0);
	REACHABLE(walked && table.records.unit_count == 8);
	REACHABLE(!walked && table.where == HEAD + 20);
	REACHABLE(refused);
}
