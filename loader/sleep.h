/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the machine sleeps: \_S1 to \_S5 of DSDT and SSDTs (ACPI 6.5, 7.4.2). They are found by their bytes: there is no
 * AML interpreter here. If the firmware defines them as methods, nothing is known of them.
 */
#ifndef LOADER_SLEEP_H
#define LOADER_SLEEP_H

#include <stddef.h>
#include <stdint.h>

#define SLEEP_MAX_NAMES 8u

/* Longest name with its package: NameOp, '\\', name, PackageOp, length of 4 bytes, count, two elements of 2 bytes. */
#define SLEEP_NAME_BYTES 16u

struct sleep_name {
	uint64_t table;  /* address */
	uint32_t offset; /* of the name's first letter */
};

struct sleep_states {
	uint8_t off;   /* a bit for each SLP_TYP of \_S4 and \_S5: memory loses its power, or all goes to disk before */
	uint32_t kept; /* names of \_S1 to \_S3, in which memory keeps its contents */
	struct sleep_name name[SLEEP_MAX_NAMES];
};

/**
 * Adds what @aml defines.
 * @table:  address of the table
 * @offset: of @aml in it
 * @starts: names that start before this are looked at, each with up to SLEEP_NAME_BYTES of what follows
 */
void sleep_scan(struct sleep_states *states, uint64_t table, uint32_t offset, const uint8_t *aml, size_t bytes,
		size_t starts);

/** Gives the state at @offset of @table a name that no operating system looks for, and mends the table's checksum. */
void sleep_hide(uint8_t *table, uint32_t offset);

#endif
