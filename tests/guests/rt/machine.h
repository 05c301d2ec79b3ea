/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine as the firmware leaves it: memory map and the program's own name. */
#ifndef RT_MACHINE_H
#define RT_MACHINE_H

#include <stdint.h>

enum memory_kind { MEMORY_FREE, MEMORY_RESERVED, MEMORY_OTHER };

struct memory_range {
	uint64_t base, bytes;
	enum memory_kind kind;
};

extern struct memory_range memory_map[];
extern uint32_t memory_ranges;

/* EFI_RUNTIME_SERVICES of the firmware, at physical addresses. */
extern const void *runtime_services;

/* The part after the first '-' in the program's file name, without the suffix: "cf9" for reset-cf9.efi. */
extern char program_argument[32];

/* The program itself; runs with the machine its own, and ends with finish(). */
void test_main(void);

#endif
