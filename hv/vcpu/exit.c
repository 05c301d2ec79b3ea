/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exits with short answers: stage-2 violations, refused instructions, INVD, NMIs, INITs. */
#include "exit.h"

#include "root/floor.h"
#include "root/startup.h"
#include "vcpu.h"
#include "x86/instructions.h"

void exit_refused(struct cpu *cpu)
{
	cpu->exits[HV_EXIT_INSTRUCTION]++;
	cpu->refused_instruction++;
	vcpu_inject(cpu, VECTOR_UD, 0);
}

void exit_stage2(struct cpu *cpu, gpa_t address, bool write, bool fetch)
{
	const char *const how = write ? "write" : "read";

	cpu->exits[HV_EXIT_STAGE2]++;
	cpu->refused_memory++;
	console_line(cpu->machine, "cpu %u: %s of %lx refused, rip %lx", cpu->index, fetch ? "fetch" : how,
		     address.value, vcpu_rip(cpu));
	iommu_poll_seldom(cpu->machine);
	if (write && floor_page(cpu->machine, address))
		vcpu_detour(cpu, cpu->machine->floor_detour); /* as if the registers were read-only */
	else
		vcpu_inject(cpu, VECTOR_GP, 0);
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
