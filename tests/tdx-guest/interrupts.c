/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The local APIC, by one vCPU (docs/guest-abi.md, section 10), and HLT. */
#include "clock.h"
#include "suite.h"

#define VECTOR_LOW   0x51u
#define VECTOR_HIGH  0x62u
#define PRIORITY_MID 0x60u /* of the class of VECTOR_HIGH: that and all below wait */
#define VECTOR_NONE  0x0fu

#define X2APIC_VERSION 0x803u
#define X2APIC_TPR     0x808u
#define X2APIC_PPR     0x80au
#define X2APIC_ISR(v)  (0x810u + (v) / 32)
#define X2APIC_IRR(v)  (0x820u + (v) / 32)
#define X2APIC_ESR     0x828u
#define X2APIC_TIMER   0x832u
#define X2APIC_CURRENT 0x839u
#define TSC_DEADLINE   0x6e0u
#define LVT_MASKED     (1u << 16)
#define LVT_DEADLINE   (1u << 18)
#define LATER          (1ull << 62)

FORM(form_wrmsr, "wrmsr");
FORM(form_rdmsr, "rdmsr");
FORM(form_mov_from_cr8, "mov %cr8, %rax");
FORM(form_mov_to_cr8, "mov %rax, %cr8");
FORM(form_await, "sti\nhlt\ncli");

static uint32_t taken(uint32_t vector)
{
	return cpus[0].ipis[vector];
}

static bool requested(uint32_t vector)
{
	return (rdmsr(X2APIC_IRR(vector)) >> vector % 32 & 1) != 0;
}

/* Whatever waits comes now. */
static void take_all(void)
{
	interrupts_on();
	__asm__ volatile("nop; nop");
	interrupts_off();
}

static void test_self_ipi(void)
{
	const uint32_t before = taken(VECTOR_LOW);

	begin("SDM 3A 11.12.11, SELF IPI; TDX module base specification, \"Virtual APIC\"");
	wrmsr(MSR_X2APIC_SELF_IPI, VECTOR_LOW);
	tdx_ok(requested(VECTOR_LOW), "an interrupt to oneself is requested");
	tdx_is(before, taken(VECTOR_LOW), "it waits while interrupts are off");
	take_all();
	tdx_is(before + 1, taken(VECTOR_LOW), "it comes once when they are on");
	tdx_ok(!requested(VECTOR_LOW), "then it is requested no more");
	tdx_is(0, rdmsr(X2APIC_ISR(VECTOR_LOW)), "nor in service after its end");
	wrmsr(MSR_X2APIC_SELF_IPI, VECTOR_LOW);
	wrmsr(MSR_X2APIC_SELF_IPI, VECTOR_LOW);
	take_all();
	tdx_is(before + 2, taken(VECTOR_LOW), "two before it comes are one");
	if (!on_cloister())
		return skip("Cloister: the first 16 vectors are ignored", "the host is not");
	wrmsr(MSR_X2APIC_SELF_IPI, VECTOR_NONE);
	cloister_ok(!requested(VECTOR_NONE), "the first 16 vectors are ignored");
}

static void set_cr8(uint64_t value)
{
	struct gprs registers = {.rax = value};

	(void)attempt(form_mov_to_cr8, &registers);
}

static uint64_t get_cr8(void)
{
	struct gprs registers = {0};

	(void)attempt(form_mov_from_cr8, &registers);
	return registers.rax;
}

static void test_priority(void)
{
	const uint32_t low = taken(VECTOR_LOW), high = taken(VECTOR_HIGH);

	begin("SDM 3A 11.8.3, task and processor priority");
	set_cr8(PRIORITY_MID >> 4);
	tdx_is(PRIORITY_MID, rdmsr(X2APIC_TPR), "the task's priority is CR8");
	tdx_is(PRIORITY_MID, rdmsr(X2APIC_PPR), "and the processor's");
	wrmsr(MSR_X2APIC_SELF_IPI, VECTOR_LOW);
	wrmsr(MSR_X2APIC_SELF_IPI, VECTOR_HIGH);
	take_all();
	tdx_ok(taken(VECTOR_LOW) == low && taken(VECTOR_HIGH) == high, "interrupts of its class and below wait");
	wrmsr(X2APIC_TPR, PRIORITY_MID - 0x10);
	tdx_is(PRIORITY_MID / 0x10 - 1, get_cr8(), "CR8 is the task's priority");
	take_all();
	tdx_ok(taken(VECTOR_LOW) == low && taken(VECTOR_HIGH) == high + 1, "one of a higher class comes");
	set_cr8(0);
	take_all();
	tdx_is(low + 1, taken(VECTOR_LOW), "all come when there is none");
	tdx_ok(raises(form_mov_to_cr8, (struct gprs){.rax = 16}, VEC_GP), "CR8 has four bits");
}

/* Delivery modes and destinations of the ICR (SDM 3A 11.6.1, 11.12.9). */
static void test_icr(void)
{
	const uint32_t id = (uint32_t)rdmsr(MSR_X2APIC_ID), before = taken(VECTOR_LOW);

	begin("SDM 3A 11.12.9, ICR: to oneself");
	ipi_send(0, ICR_FIXED | ICR_SELF | VECTOR_LOW);
	take_all();
	tdx_is(before + 1, taken(VECTOR_LOW), "by shorthand");
	ipi_send(id, ICR_FIXED | VECTOR_LOW);
	take_all();
	tdx_is(before + 2, taken(VECTOR_LOW), "by ID");
	ipi_send(1u << (id & 15) | id >> 4 << 16, ICR_FIXED | ICR_LOGICAL | VECTOR_LOW);
	take_all();
	tdx_is(before + 3, taken(VECTOR_LOW), "by logical destination");
	ipi_send(id + 0x100, ICR_FIXED | VECTOR_LOW);
	take_all();
	tdx_is(before + 3, taken(VECTOR_LOW), "an ID that there is not is nobody's");
	if (!on_cloister())
		return skip("Cloister: an NMI to oneself is ignored", "the host is not");
	ipi_send(id, ICR_NMI | VECTOR_LOW);
	take_all();
	cloister_is(0, cpus[0].nmis, "an NMI to oneself is ignored");
	cloister_is(before + 3, taken(VECTOR_LOW), "and is no interrupt either");
}

static bool write_faults(uint32_t msr, uint64_t value)
{
	return raises(form_wrmsr, (struct gprs){.rcx = msr, .rax = (uint32_t)value, .rdx = value >> 32}, VEC_GP);
}

static void test_registers(void)
{
	begin("docs/guest-abi.md, section 10: registers");
	if (!on_cloister())
		return skip("Cloister: registers of the local APIC", "the host is not");
	cloister_is(0x00050014, rdmsr(X2APIC_VERSION), "the version");
	cloister_is((rdmsr(MSR_X2APIC_ID) & ~15ull) << 12 | 1ull << (rdmsr(MSR_X2APIC_ID) & 15), rdmsr(MSR_X2APIC_LDR),
		    "the logical ID is that of the ID");
	cloister_is(0x1ff, rdmsr(MSR_X2APIC_SIVR), "it is switched on");
	cloister_is(0, rdmsr(X2APIC_ESR), "there are no errors");
	cloister_is(0, rdmsr(MSR_X2APIC_ICR), "the ICR reads as 0");
	cloister_is(0, rdmsr(X2APIC_CURRENT), "there is no counter");
	cloister_ok(write_faults(MSR_X2APIC_ID, 0), "the ID is not written");
	cloister_ok(write_faults(X2APIC_TPR, 0x100), "a priority has 8 bits");
	cloister_ok(write_faults(MSR_X2APIC_EOI, 1), "the end of an interrupt is 0");
	cloister_ok(write_faults(X2APIC_ESR, 1), "errors are cleared by 0");
	cloister_ok(write_faults(MSR_X2APIC_SELF_IPI, 0x100), "a vector has 8 bits");
	cloister_ok(write_faults(MSR_X2APIC_ICR, 1ull << 12), "reserved bits of the ICR");
	cloister_ok(write_faults(X2APIC_IRR(0), 0), "what is requested is not written");
	cloister_ok(raises(form_rdmsr, (struct gprs){.rcx = MSR_X2APIC_SELF_IPI}, VEC_GP), "SELF IPI is not read");
}

static void test_deadline(void)
{
	const uint32_t before = taken(VECTOR_HIGH);
	uint64_t deadline;

	begin("SDM 3A 11.5.4.1, TSC-deadline mode");
	wrmsr(X2APIC_TIMER, LVT_DEADLINE | VECTOR_HIGH);
	deadline = rdtsc();
	wrmsr(TSC_DEADLINE, deadline);
	take_all();
	tdx_ok(wait_until((take_all(), taken(VECTOR_HIGH) != before), PATIENCE_US),
	       "a deadline that has passed comes at once");
	wrmsr(TSC_DEADLINE, rdtsc() + LATER);
	wrmsr(TSC_DEADLINE, 0);
	take_all();
	tdx_is(before + 1, taken(VECTOR_HIGH), "one that was taken back does not come");
	tdx_is(0, rdmsr(TSC_DEADLINE), "and is 0");
	wrmsr(X2APIC_TIMER, LVT_MASKED | LVT_DEADLINE | VECTOR_HIGH);
	wrmsr(TSC_DEADLINE, rdtsc());
	take_all();
	tdx_is(before + 1, taken(VECTOR_HIGH), "one of a masked timer does not come");
	wrmsr(X2APIC_TIMER, VECTOR_HIGH);
	wrmsr(TSC_DEADLINE, rdtsc() + LATER);
	tdx_is(0, rdmsr(TSC_DEADLINE), "in another mode there is none");
}

/* Far enough away that the vCPU halts before it comes; how long it takes to halt is the host's affair. */
static void test_halt(void)
{
	const struct cpuid_result rate = cpuid(0x15, 0);
	const uint64_t ticks_10ms = (uint64_t)rate.ecx * rate.ebx / rate.eax / 100;
	const uint32_t before = taken(VECTOR_HIGH);
	struct gprs none = {0};
	struct outcome outcome;
	uint64_t deadline;

	begin("Guest-Host Communication Interface, TDG.VP.VMCALL<Instruction.HLT>; SDM 3A 11.5.4.1");
	wrmsr(X2APIC_TIMER, LVT_DEADLINE | VECTOR_HIGH);
	deadline = rdtsc() + ticks_10ms;
	wrmsr(TSC_DEADLINE, deadline);
	tdx_is(VMCALL_SUCCESS, vmcall(VMCALL_HLT, 0, 0, 0, 0).r10, "a vCPU halts until there is an interrupt");
	tdx_ok(rdtsc() >= deadline, "not before the deadline");
	tdx_is(before, taken(VECTOR_HIGH), "which comes no sooner than interrupts are on");
	take_all();
	tdx_is(before + 1, taken(VECTOR_HIGH), "then it comes");
	tdx_is(0, rdmsr(TSC_DEADLINE), "and there is no deadline any more");
	if (!on_cloister())
		return skip("Cloister: HLT goes on with the interrupt", "the host is not");
	wrmsr(MSR_X2APIC_SELF_IPI, VECTOR_HIGH);
	outcome = attempt(form_await, &none);
	cloister_ok(completed(&outcome), "HLT where an interrupt waits goes on");
	cloister_is(before + 2, taken(VECTOR_HIGH), "with it");
}

void test_interrupts(void)
{
	test_self_ipi();
	test_priority();
	test_icr();
	test_registers();
	test_deadline();
	test_halt();
}
