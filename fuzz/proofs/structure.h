/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The common part of the proofs of the readers of DMAR and IVRS: one structure of any content, added to anything
 * that was read before. With dma_walk.c, this holds for tables of any length. Included after the reader itself,
 * which is static.
 */
#ifndef PROOF_STRUCTURE_H
#define PROOF_STRUCTURE_H

#include "proof.h"

#ifndef STRUCTURE_MAX
#define STRUCTURE_MAX 40u
#endif

static bool whole_pages(uint64_t base, uint64_t bytes)
{
	return ((base | bytes) & 4095) == 0 && bytes != 0 && base <= UINT64_MAX - bytes;
}

/* The earlier entry at any index stays; a new one is as boot_dma_check() and the units' code rely on. */
struct picked {
	uint32_t unit_index, range_index;
	struct boot_range unit, range;
	uint32_t units, ranges;
};

static struct picked pick(const struct boot_dma *dma)
{
	struct picked picked;

	ASSUME(dma->unit_count <= BOOT_MAX_UNITS && dma->reserved_count <= BOOT_MAX_RESERVED);
	ASSUME(dma->setting_count <= BOOT_MAX_SETTINGS);
	ASSUME(picked.unit_index < BOOT_MAX_UNITS && picked.range_index < BOOT_MAX_RESERVED);
	picked.units = dma->unit_count;
	picked.ranges = dma->reserved_count;
	picked.unit = dma->unit[picked.unit_index];
	picked.range = dma->reserved[picked.range_index];
	return picked;
}

static bool same(const struct boot_range *a, const struct boot_range *b)
{
	return a->base == b->base && a->bytes == b->bytes;
}

static void check_table(const struct boot_dma *dma, const struct picked *before)
{
	const struct boot_range unit = dma->unit[before->unit_index], range = dma->reserved[before->range_index];

	PROVE(dma->unit_count <= BOOT_MAX_UNITS && dma->reserved_count <= BOOT_MAX_RESERVED);
	PROVE(dma->unit_count + dma->reserved_count <= before->units + before->ranges + 1);
	if (before->unit_index < before->units)
		PROVE(same(&unit, &before->unit));
	else if (before->unit_index < dma->unit_count)
		PROVE((unit.base & 4095) == 0 && unit.bytes >= 4096 && unit.bytes <= 65536);
	if (before->range_index < before->ranges)
		PROVE(same(&range, &before->range));
	else if (before->range_index < dma->reserved_count)
		PROVE(whole_pages(range.base, range.bytes));
	REACHABLE(before->unit_index == before->units && dma->unit_count == before->units + 1);
	REACHABLE(before->range_index == before->ranges && dma->reserved_count == before->ranges + 1);
}

/* A structure of @length bytes, and nothing after them. */
static inline void check_structure(dma_structure_reader *read, uint32_t length)
{
	uint8_t memory[STRUCTURE_MAX];
	struct dma_table table;
	const struct picked before = pick(&table.records);
	const bool accepted = read(memory + STRUCTURE_MAX - length, length, &table);

	PROVE(accepted || (table.records.unit_count == before.units && table.records.reserved_count == before.ranges));
	REACHABLE(!accepted);
	check_table(&table.records, &before);
}

/* The walk has made sure of four bytes. */
static inline void check_structures(dma_structure_reader *read)
{
	check_structure(read, 4);
	for (uint32_t length = 8; length <= STRUCTURE_MAX; length += 8)
		check_structure(read, length);
}

#endif
