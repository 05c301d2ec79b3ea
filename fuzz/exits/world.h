/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the harness and the CPU under it share. */
#ifndef FUZZ_EXITS_WORLD_H
#define FUZZ_EXITS_WORLD_H

#include "fuzz/promise.h"
#include "hv/cpu.h"

#define CPUS      3u
#define RAM_BASE  0x100000ull
#define RAM_BYTES 0x8000ull

struct world {
	struct cpu *running; /* the CPU whose exit is answered */
	bool wiped;          /* HK is gone */
	bool stopped_ok;     /* this exit may end in a crash record */
	bool cpu_has_xsaves, cpu_has_mpx;
};

extern struct world world;

#endif
