/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What DMAR and IVRS share: the walk over their structures, and where units and reserved memory may lie. */
#include "iommu/dma_table.h"

#define STRUCTURE_BYTES 4u /* type, flags or none, length */

enum hv_error dma_table_walk(const uint8_t *data, uint32_t bytes, uint32_t first, dma_structure_reader *read,
			     struct dma_table *out)
{
	*out = (struct dma_table){0};
	if (bytes < first || le32(data + 4) != bytes)
		return HV_E_DMA_TABLE;
	for (uint32_t at = first; at < bytes;) {
		const uint32_t left = bytes - at;
		const uint32_t length = left < STRUCTURE_BYTES ? 0 : le16(data + at + 2);

		out->where = at;
		if (length < STRUCTURE_BYTES || length > left || !read(data + at, length, out))
			return HV_E_DMA_TABLE;
		at += length;
	}
	return out->unit_count != 0 ? HV_OK : HV_E_DMA_TABLE;
}

static bool overlaps(uint64_t base, uint64_t bytes, const struct boot_range *range)
{
	return ranges_overlap(base, bytes, range->base, range->bytes);
}

static bool overlaps_any(uint64_t base, uint64_t bytes, const struct boot_range *ranges, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (overlaps(base, bytes, &ranges[i]))
			return true;
	}
	return false;
}

/* What no device may reach; an empty pool overlaps nothing. */
static bool is_protected(uint64_t base, uint64_t bytes, const struct boot_info *boot)
{
	return overlaps(base, bytes, &boot->region) || overlaps(base, bytes, &boot->pool) ||
	       overlaps_any(base, bytes, boot->hidden, boot->hidden_count);
}

static bool overlaps_unit(uint64_t base, uint64_t bytes, const struct dma_unit *units, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (ranges_overlap(base, bytes, units[i].base, units[i].bytes))
			return true;
	}
	return false;
}

static bool in_reach(uint64_t base, uint64_t bytes, uint32_t phys_bits)
{
	const uint64_t end = 1ull << (phys_bits > 48 ? 48 : phys_bits); /* what stage 2 covers */

	return base < end && bytes <= end - base;
}

/* Registers: at an address of their own, which is no memory. */
static bool unit_sane(const struct dma_table *table, uint32_t index, const struct boot_info *boot, uint32_t phys_bits)
{
	const struct dma_unit *const unit = &table->units[index];

	return unit->base != 0 && (unit->base & PAGE_MASK) == 0 && in_reach(unit->base, unit->bytes, phys_bits) &&
	       !overlaps_unit(unit->base, unit->bytes, table->units, index) &&
	       !overlaps_any(unit->base, unit->bytes, boot->ram, boot->ram_count) &&
	       !is_protected(unit->base, unit->bytes, boot);
}

static enum hv_error check_units(struct dma_table *table, const struct boot_info *boot, uint32_t phys_bits)
{
	for (uint32_t i = 0; i < table->unit_count; i++) {
		table->where = table->units[i].base;
		if (!unit_sane(table, i, boot, phys_bits))
			return HV_E_DMA_TABLE;
	}
	return HV_OK;
}

enum hv_error dma_table_check(struct dma_table *table, const struct boot_info *boot, uint32_t phys_bits)
{
	const enum hv_error error = check_units(table, boot, phys_bits);

	for (uint32_t i = 0; error == HV_OK && i < table->reserved_count; i++) {
		const struct boot_range *const range = &table->reserved[i];

		table->where = range->base;
		if (!in_reach(range->base, range->bytes, phys_bits))
			return HV_E_DMA_TABLE;
		if (is_protected(range->base, range->bytes, boot) ||
		    overlaps_unit(range->base, range->bytes, table->units, table->unit_count))
			return HV_E_DMA_RESERVED;
	}
	return error;
}
