/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/root/startup.c: for each of the 2^64 values that a guest can write to the ICR, with three CPUs of any APIC IDs
 * and in any state of their start. No INIT, SIPI, SMI or reserved mode reaches the APIC, nor a value that it would
 * refuse; INIT and SIPI come to exactly the CPUs that they address (SDM 3A 11.12.9, 11.12.10).
 */
#include "proof.h"

#include "machine/cpu.h"
#include "root/root.h"
#include "root/startup.h"
#include "vcpu/exit.h"
#include "vcpu/vcpu.h"

#define CPUS 3

static struct root root;
static struct machine m = {.root = &root};
static struct cpu cpus[CPUS];
static struct vcpu vcpus[CPUS];
static bool kicked[CPUS];
static uint64_t written;
static bool to_apic;

/* Modes: fixed, lowest priority, NMI. Bit 12 (delivery status), 13, 16, 17, 20 to 31 are reserved. */
void wrmsr(uint32_t msr, uint64_t value)
{
	const unsigned mode = value >> 8 & 7;

	PROVE(msr == 0x830);
	PROVE(mode == 0 || mode == 1 || mode == 4);
	PROVE((value & 0xfff33000) == 0);
	PROVE(!to_apic && value == written);
	to_apic = true;
}

void cpu_kick(struct cpu *cpu)
{
	PROVE(cpu->launched && cpu->vcpu->startup.init);
	PROVE(!cpu->vcpu->startup.lock.held);
	kicked[cpu->index] = true;
}

/* Proven in console.c. */
void console_line(struct machine *machine, const char *format, ...)
{
}

static bool addressed(const struct cpu *cpu, const struct cpu *sender, uint64_t icr)
{
	const uint32_t to = (uint32_t)(icr >> 32);

	if ((icr >> 18 & 3) != 0)
		return (icr >> 18 & 3) == 3 && cpu != sender;
	if (to == 0xffffffff)
		return true;
	if ((icr >> 11 & 1) == 0)
		return cpu->apic_id == to;
	/* Logical ID: APIC ID bits 19:4 in the upper half, one bit for bits 3:0 in the lower. */
	return (cpu->apic_id >> 4 & 0xffff) == to >> 16 && (to >> (cpu->apic_id & 0xf) & 1) != 0;
}

static void check_vcpu(const struct vcpu *vcpu, const struct startup *before, const struct cpu *sender)
{
	const struct cpu *const cpu = vcpu->cpu;
	const unsigned mode = written >> 8 & 7, level = written >> 14 & 3; /* 2: de-assert, which no CPU acts on */
	const bool self_or_all = (written >> 18 & 3) == 1 || (written >> 18 & 3) == 2;
	const bool valid = (written & 0xfff33000) == 0 && !self_or_all && cpu->launched;
	const bool init = valid && mode == 5 && level != 2 && addressed(cpu, sender, written);
	const bool waits = before->init || before->waiting;
	const bool sipi = valid && mode == 6 && addressed(cpu, sender, written) && waits && !before->sipi;

	PROVE(!vcpu->startup.lock.held && vcpu->startup.waiting == before->waiting);
	PROVE(vcpu->startup.init == (before->init || init));
	PROVE(kicked[cpu->index] == (init && cpu != sender));
	PROVE(vcpu->startup.sipi == (init ? false : before->sipi || sipi));
	PROVE(vcpu->startup.sipi_vector == (sipi ? (uint8_t)written : before->sipi_vector));
}

void prove_icr_write(void)
{
	struct startup before[CPUS];

	__CPROVER_havoc_object(cpus);
	__CPROVER_havoc_object(vcpus);
	__CPROVER_havoc_object(&written);
	m.boot.cpu_count = CPUS;
	for (uint32_t i = 0; i < CPUS; i++) {
		ASSUME(cpus[i].apic_id != 0xffffffff); /* the broadcast is no CPU's ID (SDM 3A 11.12.9) */
		vcpus[i].cpu = &cpus[i];
		cpus[i].vcpu = root.vcpus[i] = &vcpus[i];
		cpus[i].machine = &m;
		cpus[i].index = i;
		vcpus[i].startup = (struct startup){.init = any_bool(),
						    .waiting = any_bool(),
						    .sipi = any_bool(),
						    .sipi_vector = vcpus[i].startup.sipi_vector};
		before[i] = vcpus[i].startup;
		m.cpus[i] = &cpus[i];
	}
	const bool taken = startup_icr_write(&vcpus[0], written);

	PROVE(taken == ((written & 0xfff33000) == 0));
	PROVE(taken || !to_apic);
	for (uint32_t i = 0; i < CPUS; i++)
		check_vcpu(&vcpus[i], &before[i], &cpus[0]);
	REACHABLE(to_apic && (written >> 8 & 7) == 4);
	REACHABLE(taken && !to_apic && (written >> 8 & 7) == 2);
	REACHABLE(kicked[1] && kicked[2]);
	REACHABLE(kicked[1] && !kicked[2] && (written >> 11 & 1) != 0);
	REACHABLE(vcpus[2].startup.sipi && !before[2].sipi);
}
