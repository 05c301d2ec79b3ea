/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading the segment registers and descriptor tables that the firmware runs with. */
#ifndef CLOISTER_X86_SEGMENTS_H
#define CLOISTER_X86_SEGMENTS_H

#include <stdint.h>

struct descriptor_table {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

#define DEFINE_STORE(type, name, instruction)             \
	static inline type name(void)                     \
	{                                                 \
		type value;                               \
                                                          \
		__asm__(instruction " %0" : "=m"(value)); \
		return value;                             \
	}
DEFINE_STORE(struct descriptor_table, read_gdtr, "sgdt")
DEFINE_STORE(struct descriptor_table, read_idtr, "sidt")
DEFINE_STORE(uint16_t, read_tr, "str")
DEFINE_STORE(uint16_t, read_ldtr, "sldt")
#undef DEFINE_STORE

#define SEGMENT_SELECTOR(name)                                    \
	({                                                        \
		uint16_t selector_;                               \
		__asm__("mov %%" #name ", %0" : "=r"(selector_)); \
		selector_;                                        \
	})

/* Bits 8 to 23 of the descriptor's upper half, at their places; 0 for a null selector. */
static inline uint32_t segment_rights(uint16_t selector)
{
	uint32_t rights = 0;

	__asm__("lar %1, %0" : "+r"(rights) : "r"((uint32_t)selector) : "cc");
	return rights;
}

/* In bytes; 0 for a null selector. */
static inline uint32_t segment_limit(uint16_t selector)
{
	uint32_t limit = 0;

	__asm__("lsl %1, %0" : "+r"(limit) : "r"((uint32_t)selector) : "cc");
	return limit;
}

#endif
