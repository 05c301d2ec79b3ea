/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The I/O Virtualization Reporting Structure (AMD I/O Virtualization Technology Specification 3.08, chapter 5). */
#include "dma_table.h"

#include <string.h>

#include "bytes.h"

#define IVRS_BLOCKS 48u /* after the header, IVinfo and a reserved field */

enum { IVHD_10 = 0x10, IVHD_11 = 0x11, IVHD_40 = 0x40, IVMD_ALL = 0x20, IVMD_ONE = 0x21, IVMD_RANGE = 0x22 };

#define IVHD_BYTES     24u    /* 5.2.2.1: type 10h, up to its device entries */
#define IVHD_EXT_BYTES 40u    /* types 11h and 40h */
#define IVMD_BYTES     32u    /* 5.2.2.3 */
#define UNIT_BYTES     16384u /* registers, but for performance counters */

/* 5.2.2.2: device entries. The upper two bits of a type give its length, except for the last one. */
enum {
	ENTRY_ALL = 1,
	ENTRY_SELECT = 2,
	ENTRY_RANGE = 3,
	ENTRY_RANGE_END = 4,
	ENTRY_ALIAS_SELECT = 66,
	ENTRY_ALIAS_RANGE = 67,
	ENTRY_EXTENDED_SELECT = 70,
	ENTRY_EXTENDED_RANGE = 71,
	ENTRY_SPECIAL = 72,
	ENTRY_ACPI_HID = 240
};

#define ENTRY_HID_BYTES  22u
#define ENTRY_UID_LENGTH 21u

/* 0: it does not fit. */
static uint32_t entry_bytes(const uint8_t *entry, uint32_t left)
{
	if (entry[0] != ENTRY_ACPI_HID)
		return 4u << (entry[0] >> 6);
	return left < ENTRY_HID_BYTES ? 0 : ENTRY_HID_BYTES + entry[ENTRY_UID_LENGTH];
}

/*
 * Of an entry's settings only SysMgt matters: the others are rights to pass interrupt tables, which no device has. Few
 * devices have it, and a unit's blocks of several types repeat it.
 */
static bool note_setting(struct dma_table *out, uint16_t first, uint16_t last, uint8_t settings)
{
	const uint8_t sysmgt = settings >> 4 & 3;
	struct boot_dma *const dma = &out->records;

	for (uint32_t i = 0; i < dma->setting_count; i++) {
		const struct boot_setting *const known = &dma->setting[i];

		if (known->first == first && known->last == last && known->sysmgt == sysmgt)
			return true;
	}
	if (sysmgt == 0)
		return true;
	if (dma->setting_count == BOOT_MAX_SETTINGS)
		return false;
	dma->setting[dma->setting_count++] = (struct boot_setting){first, last, sysmgt};
	return true;
}

/* The device that an entry of 8 bytes names in its second half: its requests bear this number. */
static bool note_source(struct dma_table *out, const uint8_t *entry)
{
	return note_setting(out, get_le16(entry + 5), get_le16(entry + 5), entry[3]);
}

/* The settings are those of the entry that began the range. */
static bool end_range(struct dma_table *out, const uint8_t *start, uint16_t last)
{
	if (start == NULL || get_le16(start + 1) > last)
		return false;
	return note_setting(out, get_le16(start + 1), last, start[3]) &&
	       (start[0] != ENTRY_ALIAS_RANGE || note_source(out, start));
}

/* @start: the entry that began a range which has not ended */
static bool read_entry(const uint8_t *entry, const uint8_t **start, struct dma_table *out)
{
	const uint16_t device = get_le16(entry + 1);
	const uint8_t *const begun = *start;

	switch (entry[0]) {
	case ENTRY_ALL:
		return note_setting(out, 0, UINT16_MAX, entry[3]);
	case ENTRY_SELECT:
	case ENTRY_EXTENDED_SELECT:
	case ENTRY_ACPI_HID:
		return note_setting(out, device, device, entry[3]);
	case ENTRY_ALIAS_SELECT:
		return note_setting(out, device, device, entry[3]) && note_source(out, entry);
	case ENTRY_SPECIAL:
		return note_source(out, entry);
	case ENTRY_RANGE:
	case ENTRY_ALIAS_RANGE:
	case ENTRY_EXTENDED_RANGE:
		*start = entry;
		return begun == NULL;
	case ENTRY_RANGE_END:
		*start = NULL;
		return end_range(out, begun, device);
	default:
		return true;
	}
}

/* Whatever the entries name, a device's own unit translates it: only the settings matter. */
static bool read_entries(const uint8_t *entry, uint32_t left, struct dma_table *out)
{
	const uint8_t *start = NULL;

	while (left != 0) {
		const uint32_t bytes = entry_bytes(entry, left);

		if (bytes == 0 || bytes > left || !read_entry(entry, &start, out))
			return false;
		entry += bytes;
		left -= bytes;
	}
	return start == NULL;
}

/* A unit has a block of each type that its firmware knows, all with the same base. */
static bool is_known(const struct dma_table *out, uint64_t base)
{
	for (uint32_t i = 0; i < out->records.unit_count; i++) {
		if (out->records.unit[i].base == base)
			return true;
	}
	return false;
}

/*
 * One device table serves all units: a number in it counts as one of segment 0, and entries of other segments are
 * ignored.
 */
static bool read_ivhd(const uint8_t *ivhd, uint32_t bytes, struct dma_table *out)
{
	const uint32_t head = ivhd[0] == IVHD_10 ? IVHD_BYTES : IVHD_EXT_BYTES;

	if (bytes < head || (get_le16(ivhd + 16) == 0 && !read_entries(ivhd + head, bytes - head, out)))
		return false;
	const struct boot_range registers = {get_le64(ivhd + 8), UNIT_BYTES};

	return is_known(out, registers.base) ||
	       (registers.base % DMA_PAGE_BYTES == 0 && dma_table_add_unit(out, registers, get_le16(ivhd + 16), true));
}

/* Firmware names ranges that are no whole pages, one byte even: a page of which a part is reserved is reserved. */
static bool read_ivmd(const uint8_t *ivmd, uint32_t bytes, struct dma_table *out)
{
	if (bytes != IVMD_BYTES)
		return false;
	const uint64_t start = get_le64(ivmd + 16), length = get_le64(ivmd + 24);

	if (length == 0 || start > UINT64_MAX - DMA_PAGE_BYTES || length > UINT64_MAX - DMA_PAGE_BYTES - start)
		return false;
	const uint64_t base = start & ~(DMA_PAGE_BYTES - 1);
	const uint64_t end = (start + length + DMA_PAGE_BYTES - 1) & ~(DMA_PAGE_BYTES - 1);

	return dma_table_add_reserved(out, (struct boot_range){base, end - base});
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

bool ivrs_parse(const uint8_t *data, uint32_t bytes, struct dma_table *out)
{
	memset(out, 0, sizeof(*out));
	out->records.kind = BOOT_DMA_AMDVI;
	return dma_table_walk(data, bytes, IVRS_BLOCKS, read_block, out);
}
