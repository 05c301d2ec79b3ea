/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A protected guest's firmware, a TDVF image (Intel TDX Virtual Firmware Design Guide, 11): which pages of it a VMM
 * adds to a guest, in which order, and what MRTD is made of that. Nothing is run, and no machine is asked.
 */
#ifndef POLICY_TDVF_H
#define POLICY_TDVF_H

#include "policy/sha384.h"

#define MRTD_BYTES        SHA384_BYTES
#define TDVF_SECTIONS_MAX 64u
#define TDVF_GUID_BYTES   16u

enum tdvf_result {
	TDVF_OK,
	TDVF_NO_TABLE,     /* no table of GUIDs at the image's end: no firmware, or one without TDX */
	TDVF_NO_METADATA,  /* the table names no TDX metadata */
	TDVF_BAD_METADATA, /* cut off, or of another version */
	TDVF_BAD_SECTION,  /* of no whole pages, larger than 1 GiB, or outside the image */
};

struct tdvf_measure {
	uint8_t mrtd[MRTD_BYTES];
	uint64_t pages_added, pages_extended;
};

/* What a section is, as far as it matters to more than MRTD (TDVF Design Guide, table 11-2). */
enum tdvf_section_type {
	TDVF_CONFIGURATION = 1, /* a volume of UEFI variables */
	TDVF_HOB = 2,           /* where the VMM says which memory there is */
	TDVF_TEMPORARY = 3,     /* zeros */
};

struct tdvf_section {
	struct bytes contents; /* empty: zeros, or what the VMM makes */
	uint64_t address, bytes;
	uint32_t type;
	bool extended;
};

struct tdvf_sections {
	struct tdvf_section section[TDVF_SECTIONS_MAX];
	uint32_t count;
};

/** The sections, in the order of the metadata. On failure 'count' is the number of the wrong one. */
enum tdvf_result tdvf_read(struct bytes image, struct tdvf_sections *sections);

/** MRTD of a guest with this firmware, as QEMU builds it. On failure 'section' is the number of the wrong one. */
enum tdvf_result tdvf_measure(struct bytes image, struct tdvf_measure *measure, uint32_t *section);

/** The data of the entry with this GUID in the image's table of GUIDs. False: there is no table, or no such entry. */
bool tdvf_find_entry(struct bytes image, const uint8_t guid[TDVF_GUID_BYTES], struct bytes *data);

/** What a result means, for people. */
const char *tdvf_result_text(enum tdvf_result result);

#endif
