/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the firmware's ACPI table says about DMA: the remapping units, and memory that it reserves for devices. DMAR (VT-d)
 * and IVRS (AMD-Vi) are both read into this form. The parsers are plain C over a bounded buffer that nobody vouches for.
 */
#ifndef HV_DMA_TABLE_H
#define HV_DMA_TABLE_H

#include "cloister/boot_info.h"
#include "cloister/errors.h"
#include "types.h"

#define DMA_MAX_UNITS    16u
#define DMA_MAX_RESERVED 32u
#define DMA_MAX_SETTINGS 64u

struct dma_unit {
	uint64_t base, bytes; /* register pages */
	uint16_t segment;
	bool covers_all; /* every device of the segment that no other unit names */
};

/*
 * AMD-Vi: devices @first to @last, of segment 0, that may send system management messages, and how: SysMgt of IVRS 5.2.2.2.
 * Never 0.
 */
struct dma_setting {
	uint16_t first, last;
	uint8_t sysmgt;
};

struct dma_table {
	uint32_t unit_count;
	uint32_t reserved_count;
	struct dma_unit units[DMA_MAX_UNITS];
	uint8_t named
		[32]; /* a bit for each function of segment 0, bus 0, that a unit names, with all that is behind it */
	struct boot_range reserved[DMA_MAX_RESERVED];
	uint32_t setting_count;
	struct dma_setting settings[DMA_MAX_SETTINGS];
	uint64_t where; /* on an error: offset in the table, or the address concerned */
};

/**
 * Reads a DMAR table (VT-d 5.1, chapter 8).
 * @data, @bytes: the whole table; its header has been seen by the loader, lengths and contents have not
 * Returns HV_OK or HV_E_DMA_TABLE, with out->where.
 */
enum hv_error dmar_parse(const uint8_t *data, uint32_t bytes, struct dma_table *out);

/* The same for IVRS (AMD I/O Virtualization Technology Specification 3.08, chapter 5). */
enum hv_error ivrs_parse(const uint8_t *data, uint32_t bytes, struct dma_table *out);

/* Reads one structure of @bytes, header included, into @out. False: it is malformed. */
typedef bool dma_structure_reader(const uint8_t *structure, uint32_t bytes, struct dma_table *out);

/**
 * What DMAR and IVRS have in common: structures behind each other from offset @first to the end of the table, each with its
 * length in bytes 2 and 3. Parameters and result as above.
 */
enum hv_error dma_table_walk(const uint8_t *data, uint32_t bytes, uint32_t first, dma_structure_reader *read,
			     struct dma_table *out);

/**
 * Are the units where registers can be, apart from each other and from all memory, and is no reserved memory protected?
 * Returns HV_OK, HV_E_DMA_TABLE or HV_E_DMA_RESERVED, with table->where.
 */
enum hv_error dma_table_check(struct dma_table *table, const struct boot_info *boot, uint32_t phys_bits);

/**
 * Is every PCI function translated by some unit? Segments other than 0, and bus 0 of segment 0 as a rule, have a unit for all
 * that the others do not name; without one, all functions that answer must be named, or be behind a bridge that is.
 * Returns HV_OK or HV_E_DMA_COVERAGE, with table->where: the segment, or bus << 8 | device << 3 | function.
 */
enum hv_error dma_coverage_check(struct dma_table *table);

static inline uint16_t le16(const uint8_t *at)
{
	return (uint16_t)(at[0] | at[1] << 8);
}

static inline uint32_t le32(const uint8_t *at)
{
	return le16(at) | (uint32_t)le16(at + 2) << 16;
}

static inline uint64_t le64(const uint8_t *at)
{
	return le32(at) | (uint64_t)le32(at + 4) << 32;
}

#endif
