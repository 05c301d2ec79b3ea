/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exits with short answers, the same for every guest: refused instructions, INVD, NMIs, INITs. */
#include "exit.h"

#include "iommu/iommu.h"
#include "machine/cpu.h"
#include "machine/exception.h"
#include "root/startup.h"
#include "vcpu.h"
#include "x86/instructions.h"

void exit_refused(struct vcpu *vcpu)
{
	vcpu->exits[HV_EXIT_INSTRUCTION]++;
	vcpu->refused_instruction++;
	vcpu_inject(vcpu, VECTOR_UD, 0);
}

void exit_note_refusal(const struct vcpu *vcpu, const char *access, const char *object, uint64_t number)
{
	console_line(vcpu->cpu->machine, "cpu %u: %s %s %lx refused, rip %lx", vcpu->cpu->index, access, object, number,
		     vcpu_rip(vcpu));
}

void exit_invd(struct vcpu *vcpu)
{
	vcpu->exits[HV_EXIT_OTHER]++;
	wbinvd();
	vcpu_advance(vcpu, INVD_BYTES);
}

bool exit_take_nmi(struct vcpu *vcpu)
{
	if (!vcpu->cpu->nmi_seen)
		return false;
	vcpu->cpu->nmi_seen = false;
	vcpu->exits[HV_EXIT_NMI]++;
	vcpu_inject_nmi(vcpu);
	return true;
}

void exit_nmi(struct vcpu *vcpu)
{
	vcpu_open_window(vcpu); /* the NMI now arrives at host_exception() */
	if (exit_take_nmi(vcpu))
		return;
	vcpu->exits[HV_EXIT_KICK]++;
	machine_join_end(vcpu->cpu);
}

/* AMD-V: it is still pending, and VM_CR.R_INIT turns it into #SX in the window (APM 2 15.21.8, 15.28). */
void exit_init(struct vcpu *vcpu)
{
	vcpu->exits[HV_EXIT_OTHER]++;
	startup_post_init(vcpu);
	vcpu_open_window(vcpu);
	(void)exit_take_nmi(vcpu);
}

/* Devices' faults do not wait for a hypercall. */
void exit_housekeeping(struct vcpu *vcpu)
{
	iommu_poll_throttled(vcpu->cpu->machine);
}

/* A kick has done its work by arriving; any other NMI is the root guest's. */
void exception_nmi(struct cpu *cpu)
{
	if (!__atomic_exchange_n(&cpu->kicked, false, __ATOMIC_SEQ_CST))
		cpu->nmi_seen = true;
	vcpu_nmi_arrived();
}

void exception_init(struct cpu *cpu)
{
	startup_post_init(cpu->vcpu);
}

void cpu_open_window(struct cpu *cpu)
{
	vcpu_open_window(cpu->vcpu);
}
