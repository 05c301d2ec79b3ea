/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Accesses that stage 2 does not allow. */
#include "floor.h"
#include "vcpu/exit.h"
#include "vcpu/vcpu.h"

void exit_stage2(struct vcpu *vcpu, gpa_t address, bool write, bool fetch)
{
	const paddr_t detour = write ? floor_detour(vcpu, address) : paddr(0);
	const char *const how = write ? "write" : "read";

	vcpu->exits[HV_EXIT_STAGE2]++;
	vcpu->refused_memory++;
	exit_note_refusal(vcpu, fetch ? "fetch" : how, "of", address.value);
	if (detour.value != 0)
		vcpu_detour(vcpu, detour); /* as if the registers were read-only */
	else
		vcpu_inject(vcpu, VECTOR_GP, 0);
}
