/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A second vCPU, started by the mailbox, and what the two send each other (docs/guest-abi.md, sections 9 and 10). */
#include "clock.h"
#include "layout.h"
#include "suite.h"

#define VECTOR_TO    0x71u
#define VECTOR_BACK  0x72u
#define VECTOR_LAST  0x73u
#define COMMAND_WAKE 1u
#define IPIS         100u
#define PORT_SCRATCH 0x3ffull
#define VEC_VE       20u

FORM(form_out8, "outb %al, %dx");

/* guest-shim/start.S fills in the ID of each vCPU but the first. */
struct {
	uint32_t head, apic_id, rest[2];
} madt_cpus[CPUS_MAX];
extern uint32_t cpus_waiting;

/* image.ld.S: the mailbox of ACPI 6.5, 5.2.12.19 */
extern struct {
	uint16_t command, reserved;
	uint32_t apic_id;
	uint64_t vector;
} mailbox;

/* image.S */
extern uint64_t second_stack;
void second_start(void) __attribute__((visibility("hidden")));
_Noreturn void second_main(void);
uint64_t second_stack;

static struct cpu *const other = &cpus[1];

/* What the second vCPU finds out about itself. */
static struct gprs info, ve;
static uint32_t topology_id;
static struct outcome port;

void second_main(void)
{
	cpu_serve(other);
}

static bool wake(uint32_t apic_id)
{
	ve_handle_on(other);
	second_stack = (uint64_t)other->stack + CPU_STACK_BYTES;
	mailbox.apic_id = apic_id;
	mailbox.vector = (uint64_t)second_start;
	__atomic_store_n(&mailbox.command, COMMAND_WAKE, __ATOMIC_RELEASE);
	return wait_until(other->starts != 0, PATIENCE_US);
}

static void look_around(void *unused)
{
	struct gprs registers = {.rdx = PORT_SCRATCH};

	(void)unused;
	info = tdcall(TDG_VP_INFO, 0, 0, 0, 0);
	topology_id = cpuid(0xb, 0).edx;
	port = attempt(form_out8, &registers);
	ve = tdcall(TDG_VP_VEINFO_GET, 0, 0, 0, 0);
}

static bool other_does(cpu_work work)
{
	cpu_run(other, work, NULL);
	return cpu_wait(other, PATIENCE_US);
}

static void test_itself(void)
{
	begin("TDX module ABI specification: the second vCPU");
	if (!tdx_ok(wake(madt_cpus[1].apic_id), "it starts by the mailbox"))
		bail_out("the second vCPU does not start");
	tdx_is(0, mailbox.command, "and takes the command");
	tdx_ok(other_does(look_around), "it does what it is asked to do");
	tdx_is(1, info.r9 & UINT32_MAX, "its index is 1");
	tdx_is(madt_cpus[1].apic_id, topology_id, "its APIC ID is CPUID's");
	tdx_is(topology_id, other->apic_id, "and the local APIC's");
	tdx_ok(topology_id != (uint32_t)rdmsr(MSR_X2APIC_ID), "which is not that of the first one");
	cloister_ok((other->apic_base_at_start & 0x100) == 0, "it is not the first one to APIC_BASE, either");
	tdx_is(VEC_VE, port.vector, "it has a #VE of its own");
	tdx_is(VE_REASON_IO, ve.rcx, "with its information");
	tdx_is(TDX_NO_VALID_VE_INFO, tdcall(TDG_VP_VEINFO_GET, 0, 0, 0, 0).rax, "of which the first vCPU has none");
}

/* --- interrupts among the two --- */

static volatile bool stop;

/* Answers each interrupt by one to the first vCPU. */
static void answer(void *unused)
{
	uint32_t seen = other->ipis[VECTOR_TO];

	(void)unused;
	interrupts_on();
	while (!stop) {
		const uint32_t now = other->ipis[VECTOR_TO];

		for (; seen != now; seen++)
			ipi_send(cpus[0].apic_id, ICR_FIXED | VECTOR_BACK);
		cpu_relax();
	}
	interrupts_off();
}

static bool answered(uint32_t count)
{
	return wait_until(cpus[0].ipis[VECTOR_BACK] == count, PATIENCE_US);
}

/* It halts until an interrupt comes. */
static void sleep(void *unused)
{
	(void)unused;
	(void)vmcall(VMCALL_HLT, 0, 0, 0, 0);
	interrupts_on();
	(void)wait_until(other->ipis[VECTOR_LAST] != 0, PATIENCE_US);
	interrupts_off();
}

/* Delivery modes without a use; the vector is no interrupt then, either. The interrupt after them is the last to come. */
static void test_ignored(void)
{
	static const uint32_t modes[] = {ICR_NMI, ICR_INIT, ICR_STARTUP};
	const uint32_t before = other->ipis[VECTOR_TO];

	if (!on_cloister())
		return skip("Cloister: NMI, INIT and SIPI are ignored", "the host is not");
	for (uint32_t i = 0; i < COUNT(modes); i++)
		ipi_send(other->apic_id, modes[i] | VECTOR_TO);
	ipi_send(other->apic_id, ICR_FIXED | VECTOR_TO);
	cloister_ok(answered(before + 1), "after an NMI, an INIT and a SIPI the second vCPU goes on");
	cloister_ok(other->nmis == 0 && other->starts == 1, "and has seen none of them");
	cloister_is(before + 1, other->ipis[VECTOR_TO], "nor an interrupt in their place");
}

static void test_interrupts_between(void)
{
	uint32_t right = 0;

	begin("SDM 3A 11.12.9, ICR: interrupts among vCPUs");
	cpu_run(other, answer, NULL);
	interrupts_on();
	for (uint32_t i = 1; i <= IPIS; i++) {
		ipi_send(other->apic_id, ICR_FIXED | VECTOR_TO);
		right += answered(i);
	}
	tdx_is(IPIS, right, "each interrupt to the second vCPU is answered by one to the first");
	tdx_is(IPIS, other->ipis[VECTOR_TO], "it had each once");
	ipi_send(0, ICR_FIXED | ICR_ALL_BUT_SELF | VECTOR_TO);
	tdx_ok(answered(IPIS + 1), "by shorthand to all others");
	ipi_send(X2APIC_BROADCAST, ICR_FIXED | VECTOR_TO);
	tdx_ok(answered(IPIS + 2) && cpus[0].ipis[VECTOR_TO] == 1, "to all, oneself included");
	ipi_send(1u << (other->apic_id & 15) | other->apic_id >> 4 << 16, ICR_FIXED | ICR_LOGICAL | VECTOR_TO);
	tdx_ok(answered(IPIS + 3), "by logical destination");
	test_ignored();
	interrupts_off();
	stop = true;
	tdx_ok(cpu_wait(other, PATIENCE_US), "the second vCPU is done");
}

static void test_wake(void)
{
	begin("Guest-Host Communication Interface, TDG.VP.VMCALL<Instruction.HLT>: another vCPU's interrupt");
	cpu_run(other, sleep, NULL);
	(void)wait_until(false, 20000);
	tdx_ok(other->work != NULL, "the second vCPU halts");
	ipi_send(other->apic_id, ICR_FIXED | VECTOR_LAST);
	tdx_ok(cpu_wait(other, PATIENCE_US) && other->ipis[VECTOR_LAST] == 1, "an interrupt wakes it");
}

void test_second_vcpu(void)
{
	const uint32_t count = (uint32_t)tdcall(TDG_VP_INFO, 0, 0, 0, 0).r8;

	if (count < 2)
		return skip("TDX: a second vCPU", "the guest has one");
	if (!wait_until(__atomic_load_n(&cpus_waiting, __ATOMIC_ACQUIRE) == count - 1, PATIENCE_US))
		bail_out("%u of %u vCPUs wait for the mailbox", cpus_waiting, count);
	test_itself();
	test_interrupts_between();
	test_wake();
}
