/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The firmware's segments as a unit test has them: in front of hv/x86/segments.h, whose place it takes. */
#ifndef CLOISTER_X86_SEGMENTS_H
#define CLOISTER_X86_SEGMENTS_H

#include <stdint.h>

struct descriptor_table {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

struct descriptor_table read_gdtr(void);
struct descriptor_table read_idtr(void);
uint16_t read_tr(void);
uint16_t read_ldtr(void);
uint32_t segment_rights(uint16_t selector);
uint32_t segment_limit(uint16_t selector);

#define SEGMENT_SELECTOR(name) ((uint16_t)(sizeof(#name) * 8))

#endif
