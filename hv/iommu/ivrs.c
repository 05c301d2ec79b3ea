/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The I/O Virtualization Reporting Structure (AMD I/O Virtualization Technology Specification 3.08, chapter 5). */
#include "iommu/dma_table.h"

#define IVRS_BLOCKS 48u /* behind the header, IVinfo and a reserved field */

enum { IVHD_10 = 0x10, IVHD_11 = 0x11, IVHD_40 = 0x40, IVMD_ALL = 0x20, IVMD_ONE = 0x21, IVMD_RANGE = 0x22 };

#define IVHD_BYTES     24u    /* 5.2.2.1: type 10h, up to its device entries */
#define IVHD_EXT_BYTES 40u    /* types 11h and 40h */
#define IVMD_BYTES     32u    /* 5.2.2.3 */
#define UNIT_BYTES     16384u /* registers, but for performance counters */

#define ENTRY_ACPI_HID   240u /* the only type whose length is its own */
#define ENTRY_HID_BYTES  22u
#define ENTRY_UID_LENGTH 21u

/* 5.2.2.2: the upper two bits of a device entry's type tell its length. 0: it does not fit. */
static uint32_t entry_bytes(const uint8_t *entry, uint32_t left)
{
	if (entry[0] != ENTRY_ACPI_HID)
		return 4u << (entry[0] >> 6);
	return left < ENTRY_HID_BYTES ? 0 : ENTRY_HID_BYTES + entry[ENTRY_UID_LENGTH];
}

/* Every device gets the same device table entry: what the entries name makes no difference, but they must be whole. */
static bool entries_sane(const uint8_t *entry, uint32_t left)
{
	while (left != 0) {
		const uint32_t bytes = entry_bytes(entry, left);

		if (bytes == 0 || bytes > left)
			return false;
		entry += bytes;
		left -= bytes;
	}
	return true;
}

/* A unit has a block of each type that its firmware knows, all with the same base. */
static bool is_known(const struct dma_table *out, uint64_t base)
{
	for (uint32_t i = 0; i < out->unit_count; i++) {
		if (out->units[i].base == base)
			return true;
	}
	return false;
}

static bool read_ivhd(const uint8_t *ivhd, uint32_t bytes, struct dma_table *out)
{
	const uint32_t head = ivhd[0] == IVHD_10 ? IVHD_BYTES : IVHD_EXT_BYTES;

	if (bytes < head || !entries_sane(ivhd + head, bytes - head))
		return false;
	if (is_known(out, le64(ivhd + 8)))
		return true;
	if (out->unit_count == DMA_MAX_UNITS)
		return false;
	out->units[out->unit_count++] = (struct dma_unit){
		.base = le64(ivhd + 8),
		.bytes = UNIT_BYTES,
		.segment = le16(ivhd + 16),
		.covers_all = true,
	};
	return true;
}

static bool read_ivmd(const uint8_t *ivmd, uint32_t bytes, struct dma_table *out)
{
	if (bytes != IVMD_BYTES || out->reserved_count == DMA_MAX_RESERVED)
		return false;
	const uint64_t base = le64(ivmd + 16), length = le64(ivmd + 24);

	if (length == 0 || ((base | length) & PAGE_MASK) != 0 || base > UINT64_MAX - length)
		return false;
	out->reserved[out->reserved_count++] = (struct boot_range){base, length};
	return true;
}

static bool read_block(const uint8_t *block, uint32_t bytes, struct dma_table *out)
{
	switch (block[0]) {
	case IVHD_10:
	case IVHD_11:
	case IVHD_40:
		return read_ivhd(block, bytes, out);
	case IVMD_ALL:
	case IVMD_ONE:
	case IVMD_RANGE:
		return read_ivmd(block, bytes, out);
	default:
		return true;
	}
}

enum hv_error ivrs_parse(const uint8_t *data, uint32_t bytes, struct dma_table *out)
{
	return dma_table_walk(data, bytes, IVRS_BLOCKS, read_block, out);
}
