/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The build records of MRTD. */
#include "measure.h"

#define EXTEND_BYTES 256u

/* The name of the step, the address at byte 16, zeros. */
struct build_record {
	char name[16];
	uint64_t address;
	uint8_t reserved[104];
};

_Static_assert(sizeof(struct build_record) == 128, "a record of MRTD");

void measure_page(struct sha384 *mrtd, gpa_t address)
{
	const struct build_record record = {.name = "MEM.PAGE.ADD", .address = address.value};

	sha384_add(mrtd, &record, sizeof(record));
}

void measure_contents(struct sha384 *mrtd, gpa_t address, const void *contents)
{
	struct build_record record = {.name = "MR.EXTEND", .address = address.value};

	for (uint64_t at = 0; at < PAGE_BYTES; at += EXTEND_BYTES, record.address += EXTEND_BYTES) {
		sha384_add(mrtd, &record, sizeof(record));
		sha384_add(mrtd, (const uint8_t *)contents + at, EXTEND_BYTES);
	}
}
