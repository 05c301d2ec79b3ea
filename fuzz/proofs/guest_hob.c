/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guest-shim/hob.c: to RAM of any sane shape one more range of any content is added. It stays sane for every width of a
 * guest's addresses, or the range is refused and nothing has changed. So it is after a list of any length, whose walk
 * AFL++ has (fuzz/guest-shim/hob.c).
 */
#include "guest-shim/hob.c"

#include "fuzz/shared/shim_ram.h"
#include "proof.h"

void prove_hob_add(void)
{
	struct shim_machine machine;
	struct resource resource;
	uint32_t bits;

	ASSUME(bits >= 35 && bits <= 51);
	const uint64_t limit = 1ull << bits;

	if (machine.ram_count == 0)
		memset(machine.ram, 0, sizeof(machine.ram));
	ASSUME(machine.ram_count == 0 || shim_ram_is_sane(&machine, limit));
	const struct shim_machine before = machine;
	const char *const said = add(&machine, &resource, limit);

	PROVE(said ? machine.ram_count == before.ram_count : shim_ram_is_sane(&machine, limit));
	PROVE(machine.ram_count <= before.ram_count + 1);
	REACHABLE(!said && machine.ram_count == SHIM_RAM_MAX && before.ram_count < SHIM_RAM_MAX);
	REACHABLE(!said && machine.ram_count == before.ram_count);
	REACHABLE(said);
}
