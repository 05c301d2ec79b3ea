/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vCPU's state is on the CPU that ran it last, until that gives it up: before another runs it, and before its end. */
#include "vm.h"

#include <linux/cpuhotplug.h>
#include <linux/percpu.h>
#include <linux/smp.h>

#include <asm/processor.h>

#include "hypercall.h"

static DEFINE_PER_CPU(bool, closed);
static enum cpuhp_state state;

/* On the vCPU's CPU, with interrupts off. Another CPU has the domain locked for one call. */
static void leave(void *argument)
{
	struct vcpu *vcpu = argument;

	if (vcpu->cpu != smp_processor_id())
		return;
	while (hypercall(HC_VCPU_FLUSH, vcpu->vm->domain, vcpu->page, 0, 0) == HC_E_BUSY)
		cpu_relax();
	WRITE_ONCE(vcpu->cpu, -1);
}

void residence_leave(struct vcpu *vcpu)
{
	const int cpu = READ_ONCE(vcpu->cpu);

	if (cpu >= 0)
		smp_call_function_single(cpu, leave, vcpu, 1); /* a CPU that is offline has given up all */
}

bool residence_open(void)
{
	return !__this_cpu_read(closed);
}

static int online(unsigned int cpu)
{
	per_cpu(closed, cpu) = false;
	return 0;
}

/* On the CPU itself. From here on nothing runs there. Those who are elsewhere come back. */
static int offline(unsigned int cpu)
{
	per_cpu(closed, cpu) = true;
	vm_for_each_vcpu(residence_leave);
	return 0;
}

int residence_init(void)
{
	const int result = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "cloister/guests:online", online, offline);

	state = result;
	return result < 0 ? result : 0;
}

void residence_exit(void)
{
	cpuhp_remove_state_nocalls(state);
}
