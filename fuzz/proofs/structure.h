/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the proofs of the readers of DMAR and IVRS share: one structure of any content, added to anything that was read before.
 * With dma_walk.c, this holds for tables of any length. Included behind the reader itself, which is static.
 */
#ifndef PROOF_STRUCTURE_H
#define PROOF_STRUCTURE_H

#include "proof.h"

#define STRUCTURE_MAX 40u

static bool whole_pages(uint64_t base, uint64_t bytes)
{
	return ((base | bytes) & 4095) == 0 && bytes != 0 && base <= UINT64_MAX - bytes;
}

/* What was there stays, and what comes is what dma_table_check() and the units' code rely on. */
static void check_table(const struct dma_table *table, const struct dma_table *before)
{
	uint32_t unit, range;

	PROVE(table->unit_count <= DMA_MAX_UNITS && table->reserved_count <= DMA_MAX_RESERVED);
	PROVE(table->unit_count + table->reserved_count <= before->unit_count + before->reserved_count + 1);
	ASSUME(unit < table->unit_count && range < table->reserved_count);
	if (unit < before->unit_count)
		PROVE(table->units[unit].base == before->units[unit].base &&
		      table->units[unit].bytes == before->units[unit].bytes);
	else
		PROVE(table->units[unit].bytes >= 4096 && table->units[unit].bytes <= 65536);
	if (range < before->reserved_count)
		PROVE(table->reserved[range].base == before->reserved[range].base &&
		      table->reserved[range].bytes == before->reserved[range].bytes);
	else
		PROVE(whole_pages(table->reserved[range].base, table->reserved[range].bytes));
	REACHABLE(unit == before->unit_count);
	REACHABLE(range == before->reserved_count);
}

/* A structure of @length bytes, and nothing behind them. */
static inline void check_structure(dma_structure_reader *read, uint32_t length)
{
	uint8_t memory[STRUCTURE_MAX];
	struct dma_table table;

	ASSUME(table.unit_count <= DMA_MAX_UNITS && table.reserved_count <= DMA_MAX_RESERVED);
	ASSUME(table.setting_count <= 2);
	const struct dma_table before = table;
	const bool accepted = read(memory + STRUCTURE_MAX - length, length, &table);

	PROVE(accepted || (table.unit_count == before.unit_count && table.reserved_count == before.reserved_count));
	REACHABLE(!accepted);
	check_table(&table, &before);
}

/* The walk has made sure of four bytes. */
static inline void check_structures(dma_structure_reader *read)
{
	check_structure(read, 4);
	for (uint32_t length = 8; length <= STRUCTURE_MAX; length += 8)
		check_structure(read, length);
}

#endif
