/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exits with short answers, the same for every guest: refused instructions, INVD, NMIs, INITs. */
#include "exit.h"

#include "root/startup.h"
#include "vcpu.h"
#include "x86/instructions.h"

void exit_refused(struct cpu *cpu)
{
	cpu->exits[HV_EXIT_INSTRUCTION]++;
	cpu->refused_instruction++;
	vcpu_inject(cpu, VECTOR_UD, 0);
}

void exit_invd(struct cpu *cpu)
{
	cpu->exits[HV_EXIT_OTHER]++;
	wbinvd();
	vcpu_advance(cpu, INVD_BYTES);
}

bool exit_take_nmi(struct cpu *cpu)
{
	if (!cpu->nmi_seen)
		return false;
	cpu->nmi_seen = false;
	cpu->exits[HV_EXIT_NMI]++;
	vcpu_inject_nmi(cpu);
	return true;
}

void exit_nmi(struct cpu *cpu)
{
	vcpu_open_window(cpu); /* the NMI now arrives at host_exception() */
	if (!exit_take_nmi(cpu))
		cpu->exits[HV_EXIT_KICK]++;
}

/* AMD-V: it is still pending, and VM_CR.R_INIT turns it into #SX in the window (APM 2 15.21.8, 15.28). */
void exit_init(struct cpu *cpu)
{
	cpu->exits[HV_EXIT_OTHER]++;
	startup_post_init(cpu);
	vcpu_open_window(cpu);
	(void)exit_take_nmi(cpu);
}

/* Devices' faults do not wait for a hypercall. */
void exit_housekeeping(struct cpu *cpu)
{
	iommu_poll_throttled(cpu->machine);
}
