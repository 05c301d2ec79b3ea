/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The DMA Remapping Reporting table (VT-d 5.1, chapter 8). */
#include "dma_table.h"

#include <string.h>

#include "bytes.h"

#define DMAR_FLAGS      37u /* 8.1 */
#define DMAR_STRUCTURES 48u /* after the header, host address width and flags */
#define X2APIC_OPT_OUT  2u

enum { DMAR_DRHD = 0, DMAR_RMRR = 1 };

#define DRHD_BYTES           16u /* 8.3 */
#define DRHD_INCLUDE_PCI_ALL 1u
#define DRHD_SIZE_MAX        4u  /* 2^4 pages of registers: more than any unit has */
#define RMRR_BYTES           24u /* 8.4 */
#define SCOPE_BYTES          6u  /* 8.3.1 */
#define PATH_BYTES           2u

enum { SCOPE_ENDPOINT = 1, SCOPE_BRIDGE = 2 };

/* Device scopes: each at least one path entry long, and together exactly what is left of the structure. */
static bool scopes_sane(const uint8_t *scope, uint32_t left)
{
	while (left != 0) {
		const uint32_t bytes = left < SCOPE_BYTES ? 0 : scope[1];

		if (bytes < SCOPE_BYTES + PATH_BYTES || bytes > left || bytes % PATH_BYTES != 0)
			return false;
		scope += bytes;
		left -= bytes;
	}
	return true;
}

/* Notes what a unit of segment 0 names on bus 0: a function, or a bridge with everything below it. */
static void note_scopes(const uint8_t *scope, uint32_t left, struct dma_table *out)
{
	for (; left != 0; left -= scope[1], scope += scope[1]) {
		const uint32_t function = (scope[6] & 31u) << 3 | (scope[7] & 7u);

		if ((scope[0] == SCOPE_ENDPOINT || scope[0] == SCOPE_BRIDGE) && scope[5] == 0 &&
		    scope[1] == SCOPE_BYTES + PATH_BYTES)
			out->named[function / 8] |= (uint8_t)(1u << function % 8);
	}
}

static bool read_drhd(const uint8_t *drhd, uint32_t bytes, struct dma_table *out)
{
	if (bytes < DRHD_BYTES || (drhd[5] & 0xf) > DRHD_SIZE_MAX ||
	    !scopes_sane(drhd + DRHD_BYTES, bytes - DRHD_BYTES))
		return false;
	const struct boot_range registers = {get_le64(drhd + 8), DMA_PAGE_BYTES << (drhd[5] & 0xf)};
	const uint16_t segment = get_le16(drhd + 6);

	if (registers.base == 0 || registers.base % DMA_PAGE_BYTES != 0 ||
	    !dma_table_add_unit(out, registers, segment, (drhd[4] & DRHD_INCLUDE_PCI_ALL) != 0))
		return false;
	if (segment == 0)
		note_scopes(drhd + DRHD_BYTES, bytes - DRHD_BYTES, out);
	return true;
}

/* The limit is the last byte. */
static bool read_rmrr(const uint8_t *rmrr, uint32_t bytes, struct dma_table *out)
{
	if (bytes < RMRR_BYTES || !scopes_sane(rmrr + RMRR_BYTES, bytes - RMRR_BYTES))
		return false;
	const uint64_t base = get_le64(rmrr + 8), limit = get_le64(rmrr + 16);

	if (limit <= base || limit == UINT64_MAX || base % DMA_PAGE_BYTES != 0 || (limit + 1) % DMA_PAGE_BYTES != 0)
		return false;
	return dma_table_add_reserved(out, (struct boot_range){base, limit - base + 1});
}

/*
 * Other types grant rights beyond translation (ATS, RHSA, SATC ...), which no device gets here.
 */
static bool read_structure(const uint8_t *structure, uint32_t bytes, struct dma_table *out)
{
	switch (get_le16(structure)) {
	case DMAR_DRHD:
		return read_drhd(structure, bytes, out);
	case DMAR_RMRR:
		return read_rmrr(structure, bytes, out);
	default:
		return true;
	}
}

bool dmar_parse(const uint8_t *data, uint32_t bytes, struct dma_table *out)
{
	memset(out, 0, sizeof(*out));
	out->records.kind = BOOT_DMA_VTD;
	out->x2apic_opt_out = bytes > DMAR_FLAGS && (data[DMAR_FLAGS] & X2APIC_OPT_OUT) != 0;
	return dma_table_walk(data, bytes, DMAR_STRUCTURES, read_structure, out);
}
