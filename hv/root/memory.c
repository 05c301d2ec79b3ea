/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses that stage 2 does not allow. */
#include "floor.h"
#include "machine/cpu.h"
#include "vcpu/exit.h"
#include "vcpu/vcpu.h"

void exit_stage2(struct vcpu *vcpu, gpa_t address, bool write, bool fetch)
{
	const char *const how = write ? "write" : "read";

	vcpu->exits[HV_EXIT_STAGE2]++;
	vcpu->refused_memory++;
	console_line(vcpu->cpu->machine, "cpu %u: %s of %lx refused, rip %lx", vcpu->cpu->index, fetch ? "fetch" : how,
		     address.value, vcpu_rip(vcpu));
	if (write && floor_page(vcpu->cpu->machine, address))
		vcpu_detour(vcpu, vcpu->cpu->machine->floor_detour); /* as if the registers were read-only */
	else
		vcpu_inject(vcpu, VECTOR_GP, 0);
}
