/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of hand-off blocks: what is taken for RAM is whole pages below the shared bit, sorted and apart. */
#include "fuzz/shared/harness.h"
#include "fuzz/shared/shim_ram.h"
#include "guest-shim/hob.h"

#define LIMIT (1ull << 39)

void fuzz_one(struct bytes input)
{
	struct shim_machine machine;

	PROMISE(hob_read_ram(input.data, input.len, LIMIT, &machine) || shim_ram_is_sane(&machine, LIMIT));
}
