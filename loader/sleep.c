/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sleep states, read from AML by their bytes. */
#include "sleep.h"

#include <stdbool.h>
#include <string.h>

/* ACPI 6.5, 20.3. */
#define NAME_OP     0x08u
#define ROOT_CHAR   0x5cu
#define PACKAGE_OP  0x12u
#define BYTE_PREFIX 0x0au

/* An element of a package at *@at: ZeroOp, OneOp, or a byte. *@at moves past it. */
static bool element(const uint8_t *aml, size_t bytes, size_t *at, uint8_t *value)
{
	if (*at < bytes && aml[*at] == BYTE_PREFIX)
		++*at;
	else if (*at < bytes && aml[*at] > 1)
		return false;
	if (*at >= bytes)
		return false;
	*value = aml[(*at)++];
	return true;
}

/* The first two elements of the package at @at: SLP_TYPa and SLP_TYPb. */
static bool read_types(const uint8_t *aml, size_t bytes, size_t at, uint8_t types[2])
{
	if (at + 1 >= bytes || aml[at] != PACKAGE_OP)
		return false;
	at += 3u + (aml[at + 1] >> 6); /* PackageOp, PkgLength (20.2.4), NumElements */
	return element(aml, bytes, &at, &types[0]) && element(aml, bytes, &at, &types[1]) && types[0] < 8 &&
	       types[1] < 8;
}

/* @at: of the four letters */
static void read_name(struct sleep_states *states, const struct sleep_name *name, const uint8_t *aml, size_t bytes,
		      size_t at)
{
	const uint8_t state = (uint8_t)(aml[at + 2] - '0');
	uint8_t types[2];

	if (memcmp(aml + at, "_S", 2) || aml[at + 3] != '_' || state < 1 || state > 5 ||
	    !read_types(aml, bytes, at + 4, types))
		return;
	if (state >= 4)
		states->off |= (uint8_t)(1u << types[0] | 1u << types[1]);
	else if (states->kept < SLEEP_MAX_NAMES)
		states->name[states->kept++] = *name;
}

void sleep_scan(struct sleep_states *states, uint64_t table, uint32_t offset, const uint8_t *aml, size_t bytes,
		size_t starts)
{
	for (size_t at = 0; at < starts && at + 6 < bytes; at++) {
		const size_t letters = at + (aml[at + 1] == ROOT_CHAR ? 2 : 1);
		const struct sleep_name name = {table, offset + (uint32_t)letters};

		if (aml[at] == NAME_OP)
			read_name(states, &name, aml, bytes, letters);
	}
}

void sleep_hide(uint8_t *table, uint32_t offset)
{
	const uint8_t hidden = 'X'; /* XS3_ */

	table[9] = (uint8_t)(table[9] + table[offset] - hidden); /* checksum, 5.2.6 */
	table[offset] = hidden;
}
