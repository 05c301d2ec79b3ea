/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What DMAR and IVRS share: the walk over their structures, and the lists that they fill. */
#include "dma_table.h"

#include "bytes.h"

#define STRUCTURE_BYTES 4u /* type, flags or none, length */

bool dma_table_walk(const uint8_t *data, uint32_t bytes, uint32_t first, dma_structure_reader *read,
		    struct dma_table *out)
{
	out->where = 0;
	if (bytes < first || get_le32(data + 4) != bytes)
		return false;
	for (uint32_t at = first; at < bytes;) {
		const uint32_t left = bytes - at;
		const uint32_t length = left < STRUCTURE_BYTES ? 0 : get_le16(data + at + 2);

		out->where = at;
		if (length < STRUCTURE_BYTES || length > left || !read(data + at, length, out))
			return false;
		at += length;
	}
	return out->records.unit_count != 0;
}

bool dma_table_add_unit(struct dma_table *out, struct boot_range registers, uint16_t segment, bool covers_all)
{
	const uint32_t index = out->records.unit_count;

	if (index == BOOT_MAX_UNITS)
		return false;
	out->records.unit[index] = registers;
	out->segment[index] = segment;
	out->covers_all[index] = covers_all;
	out->records.unit_count++;
	return true;
}

bool dma_table_add_reserved(struct dma_table *out, struct boot_range range)
{
	if (out->records.reserved_count == BOOT_MAX_RESERVED)
		return false;
	out->records.reserved[out->records.reserved_count++] = range;
	return true;
}
