/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "script.h"

#include "cpu.h"
#include "tap.h"
#include "x86.h"

/* The local APIC's timer: one shot (SDM 3A 11.5.4). */
#define MSR_X2APIC_TIMER   0x832u
#define MSR_X2APIC_INITIAL 0x838u
#define MSR_X2APIC_DIVIDE  0x83eu
#define DIVIDE_BY_1        11u
#define VECTOR_TIMER       0x52u
#define TIMER_TICKS        2000000u

uint64_t first;
struct built built;
uint8_t *shared_page;
unsigned at;

uint64_t told(void)
{
	return at < built.words ? built.told[at++] : ~0ul;
}

bool is(uint64_t expected, uint64_t found)
{
	if (found != expected)
		diag("found %lx, expected %lx", found, expected);
	return found == expected;
}

bool answers(int64_t expected, int64_t result)
{
	if (result != expected)
		diag("answer %d, expected %d", (int)result, (int)expected);
	return result == expected;
}

bool counts(uint64_t value)
{
	return is(value, told()) && is(0, told());
}

bool tells(uint64_t rax)
{
	const bool right = is(rax, told());

	for (unsigned i = 0; i < 7; i++)
		(void)told();
	return right;
}

bool vmcall_tells(uint64_t status)
{
	const bool done = is(TDX_SUCCESS, told());

	at += 4;
	const bool right = is(status, told());

	at += 2;
	return done && right;
}

bool start(unsigned vcpus, const struct op *ops, unsigned count)
{
	if (built.page != 0)
		(void)destroy(&built); /* where a test has failed */
	at = 0;
	return build(&built, first, vcpus, ops, count);
}

bool exits(int64_t kind, uint64_t address)
{
	const int64_t found = run_on(&built, 0);

	return answers(kind, found) && is(address, run_of(&built, 0)->exit.address);
}

bool augment(uint64_t address)
{
	return answers(0, call(HC_PAGE_AUG, built.page, address, built.next++, 0));
}

void gone(void)
{
	ok(destroy(&built), "the domain is gone, its pages are free");
}

/* BUSY: another CPU has the domain for a moment. */
void take_turn(void *argument)
{
	struct turn *const turn = argument;
	int64_t result;

	while ((result = run_on(turn->built, turn->vcpu)) == HC_E_BUSY)
		cpu_relax();
	turn->result = result;
}

void give_up(void *argument)
{
	struct turn *const turn = argument;

	turn->result = call(HC_VCPU_FLUSH, turn->built->page, turn->built->vcpu[turn->vcpu], 0, 0);
}

bool interrupt(const struct built *whose, unsigned vcpu)
{
	int64_t result;

	while ((result = call(HC_INTERRUPT, whose->page, whose->vcpu[vcpu], GUEST_VECTOR, 0)) == HC_E_BUSY)
		cpu_relax();
	return answers(0, result);
}

void set_timer(void)
{
	wrmsr(MSR_X2APIC_DIVIDE, DIVIDE_BY_1);
	wrmsr(MSR_X2APIC_TIMER, VECTOR_TIMER);
	wrmsr(MSR_X2APIC_INITIAL, TIMER_TICKS);
}

uint64_t interrupts_taken(void)
{
	const struct cpu *const cpu = this_cpu();
	uint64_t sum = cpu->nmis;

	for (unsigned i = 0; i < 256; i++)
		sum += cpu->ipis[i];
	return sum;
}
