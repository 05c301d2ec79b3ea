/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the firmware's ACPI table says about DMA: the remapping units, and memory that it reserves for devices. DMAR
 * (VT-d) and IVRS (AMD-Vi) are both read into this form. Pure C over a bounded buffer whose contents are not trusted.
 */
#ifndef LOADER_DMA_TABLE_H
#define LOADER_DMA_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include <cloister/boot_info.h>

#define DMA_PAGE_BYTES 4096ull

struct dma_table {
	struct boot_dma records;          /* what the hypervisor gets */
	uint16_t segment[BOOT_MAX_UNITS]; /* of each unit */
	bool covers_all[BOOT_MAX_UNITS];  /* every device of the segment that no other unit names */
	uint8_t named[32];                /* a bit for each function of segment 0, bus 0, that a unit names */
	bool x2apic_opt_out;              /* DMAR: the firmware asks the operating system not to use x2APIC */
	uint64_t where; /* on an error: offset in the table; dma_coverage_check(): what is not covered */
};

/**
 * Reads a DMAR table (VT-d 5.1, chapter 8).
 * @data, @bytes: the whole table; its header has been checked, the structures have not
 * Returns whether it is well formed; if not, out->where is the offset of the first structure that is not.
 */
bool dmar_parse(const uint8_t *data, uint32_t bytes, struct dma_table *out);

/** The same for IVRS (AMD I/O Virtualization Technology Specification 3.08, chapter 5). */
bool ivrs_parse(const uint8_t *data, uint32_t bytes, struct dma_table *out);

/* Reads one structure of @bytes, header included, into @out. False: it is malformed. */
typedef bool dma_structure_reader(const uint8_t *structure, uint32_t bytes, struct dma_table *out);

/**
 * What DMAR and IVRS have in common: structures one after the other from offset @first to the end of the table, each
 * with its length in bytes 2 and 3. Parameters and result as above.
 */
bool dma_table_walk(const uint8_t *data, uint32_t bytes, uint32_t first, dma_structure_reader *read,
		    struct dma_table *out);

/** Adds a unit. False: there is no room. */
bool dma_table_add_unit(struct dma_table *out, struct boot_range registers, uint16_t segment, bool covers_all);

/** Adds reserved memory, whole pages. False: there is no room. */
bool dma_table_add_reserved(struct dma_table *out, struct boot_range range);

/**
 * Is every PCI function translated by some unit? Segments other than 0, and bus 0 of segment 0 as a rule, have a unit
 * for all that the others do not name. Without one, all functions that answer must be named, or be below a bridge that
 * is. Reads PCI configuration space through ports 0xCF8 and 0xCFC.
 * Returns whether it is; if not, table->where is the segment, or bus << 8 | device << 3 | function.
 */
bool dma_coverage_check(struct dma_table *table);

#endif
