/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The list of hand-off blocks: what is taken for RAM is whole pages below the shared bit, sorted and apart. */
#include <string.h>

#include "fuzz/shared/harness.h"
#include "fuzz/shared/shim_ram.h"
#include "guest-shim/hob.h"
#include "shim_vmm.h"

#define LIMIT (1ull << 39)

void fuzz_one(struct bytes input)
{
	struct shim_machine machine = {.ram_count = 0};

	if (VMM_RUNS(hob_read_ram(input.data, input.len, LIMIT, &machine)))
		PROMISE(shim_ram_is_sane(&machine, LIMIT));
	else
		PROMISE(strlen(vmm.fatal) <= VMM_TEXT_MAX);
}
