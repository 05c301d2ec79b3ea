/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The platform's floor (docs/floor.md): finds the functions and pages whose registers move or alias memory, place the
 * ports that sleep and reset, or switch off remapping. They are recognised by class, and by a table of known chipsets.
 */
#ifndef LOADER_FLOOR_H
#define LOADER_FLOOR_H

#include <cloister/boot_info.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A PCI segment's memory-mapped configuration space, by MCFG. */
struct floor_ecam {
	uint64_t base; /* of bus 0, which need not be there */
	uint16_t segment;
	uint8_t first, last; /* buses */
};

/* PCI configuration space. A function is bus << 8 | device << 3 | function. */
struct floor_view {
	/* 32 bits; all ones where there is no function. @ecam: of the segment, or NULL for segment 0 through ports. */
	uint32_t (*read)(const void *context, const struct floor_ecam *ecam, uint16_t function, uint16_t offset);
	/* 32 bits of a register in memory */
	uint32_t (*read_memory)(const void *context, uint64_t address);
	/* 8 bits, in segment 0 */
	void (*write)(const void *context, uint16_t function, uint16_t offset, uint8_t value);
	const void *context;
};

struct floor {
	struct boot_floor found;
	bool host_known;    /* 00:00.0 is in the table */
	bool chipset_known; /* and each ISA bridge of bus 0, and there is none on another root bus */
	bool whole;         /* there was room for everything */
	bool smn_open;      /* graphics of an AMD processor, which reach its system management network */
};

/** Looks at each function of each segment. @count of @ecam may be 0: segment 0 is there all the same. */
void floor_find(const struct floor_view *view, const struct floor_ecam *ecam, uint32_t count, struct floor *floor);

/** Is the chipset known, and all that is known of it closed? */
bool floor_closed(const struct floor *floor);

#endif
