/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest-shim/hob.c: to RAM of any sane shape one more range of any content is added. It stays sane for every width of a
 * guest's addresses, or the guest ends. So it is after a list of any length, whose walk
 * AFL++ has (fuzz/guest-shim/hob.c).
 */
#include "guest-shim/hob.c"

#include "fuzz/shared/shim_ram.h"
#include "proof.h"

static struct shim_machine machine, before;

/* The end of a guest: nothing has changed. */
_Noreturn void td_fatal(const char *text)
{
	(void)text;
	PROVE(machine.ram_count == before.ram_count);
	REACHABLE(true);
	ASSUME(false);
	__builtin_unreachable();
}

void prove_hob_add(void)
{
	struct resource resource;
	struct shim_machine any;
	uint32_t bits;

	ASSUME(bits >= 35 && bits <= 51);
	const uint64_t limit = 1ull << bits;

	machine = any;
	if (machine.ram_count == 0)
		memset(machine.ram, 0, sizeof(machine.ram));
	ASSUME(machine.ram_count == 0 || shim_ram_is_sane(&machine, limit));
	before = machine;
	add(&machine, &resource, limit);
	PROVE(shim_ram_is_sane(&machine, limit));
	PROVE(machine.ram_count <= before.ram_count + 1);
	REACHABLE(machine.ram_count == SHIM_RAM_MAX && before.ram_count < SHIM_RAM_MAX);
	REACHABLE(machine.ram_count == before.ram_count);
}
