/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Facts that hypervisor and loader need from ACPI (ACPI 6.5, chapter 5). The tables are checked: no signature covers
 * them.
 */
#ifndef LOADER_ACPI_H
#define LOADER_ACPI_H

#include "dma_table.h"
#include "failure.h"
#include "floor.h"
#include "sleep.h"

#include <cloister/boot_info.h>

#define ACPI_MAX_TABLE_BYTES 65536u /* of the tables that are read; a MADT of 1,024 CPUs has 24 KiB */
#define ACPI_MAX_TABLES      256u
#define ACPI_MAX_SEGMENTS    64u

/* Physical memory as the walker sees it. */
struct acpi_view {
	/* Copies 'bytes' from a physical address; false if that is not memory. */
	bool (*read)(const void *context, uint64_t address, void *to, size_t bytes);
	const void *context;
	uint8_t *buffer; /* ACPI_MAX_TABLE_BYTES, for the table at hand */
};

/* TPM2.StartMethod (TCG ACPI Specification 1.4, table 8). */
#define ACPI_TPM2_START_TIS 6u
#define ACPI_TPM2_START_CRB 7u

struct acpi_info {
	uint32_t cpu_count;
	uint32_t cpu_apic_id[BOOT_MAX_CPUS];   /* enabled processors, in the MADT's order ... */
	uint16_t cpu_forms[BOOT_MAX_CPUS];     /* ... and a bit for each type of entry that lists them */
	uint16_t sleep_port[BOOT_SLEEP_PORTS]; /* as in struct boot_info */
	uint16_t reset_port;
	uint8_t reset_value;
	bool sleep_unwatched; /* PM1 control or sleep control is no I/O port */
	bool reset_unwatched; /* the reset register is none */
	struct sleep_states sleep;
	uint64_t ecam_base;
	uint32_t ecam_count; /* segments of MCFG */
	struct floor_ecam ecam[ACPI_MAX_SEGMENTS];
	bool ecam_unread;           /* there are more, or one with a base that cannot be */
	uint32_t tpm2_start_method; /* 0 if there is no TPM2 table */
	uint64_t dma_table;         /* address of DMAR or IVRS; 0 if there is none */
	struct dma_table dma;       /* what it says */
};

/**
 * Walks from the RSDP to MADT and FADT, which must be there, and to MCFG, TPM2, DMAR and IVRS, which may be missing.
 * Signatures, checksums, lengths and entries are checked before they are used.
 */
bool acpi_walk(const struct acpi_view *view, uint64_t rsdp, struct acpi_info *info, struct failure *failure);

/**
 * Gives the table at 'table' a signature that no operating system looks for, and mends its checksum. What it describes
 * belongs to the hypervisor.
 */
void acpi_hide(uint8_t *table);

/** With a pool no sleep may keep memory: fails if one could be entered past the hypervisor. */
bool acpi_check_sleep(const struct acpi_info *info, uint32_t pool_mib, struct failure *failure);

/** Moves the boot processor to index 0. */
bool acpi_boot_cpu_first(struct acpi_info *info, uint32_t apic_id, struct failure *failure);

#endif
