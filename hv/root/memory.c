/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses that stage 2 does not allow. */
#include "floor.h"
#include "vcpu/exit.h"
#include "vcpu/vcpu.h"

void exit_stage2(struct cpu *cpu, gpa_t address, bool write, bool fetch)
{
	const char *const how = write ? "write" : "read";

	cpu->exits[HV_EXIT_STAGE2]++;
	cpu->refused_memory++;
	console_line(cpu->machine, "cpu %u: %s of %lx refused, rip %lx", cpu->index, fetch ? "fetch" : how,
		     address.value, vcpu_rip(cpu));
	if (write && floor_page(cpu->machine, address))
		vcpu_detour(cpu, cpu->machine->floor_detour); /* as if the registers were read-only */
	else
		vcpu_inject(cpu, VECTOR_GP, 0);
}
