/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/lapic.c: for every content of a vCPU's local APIC. The interrupt that comes next is the highest that is
 * requested, of a class above the task's and above all that is served (SDM 3A 11.8.3); where there is none, none is
 * kept back. A request and its delivery change one bit of each set; the timer's comes once, when its time has come.
 * Assumed: TPR and SVR have no reserved bits. Which registers may be written is a table of ranges, of which goto-cc
 * takes each for its first register: that is left to the unit tests.
 */
#include "proof.h"

#include "domain/lapic.h"
#include "domain/vcpu.h"
#include "x86/instructions.h"

static struct td_vcpu vcpu;
static uint32_t before[LAPIC_REGISTERS];
static uint64_t deadline_before;
static uint32_t vector; /* any */
static uint64_t now;

uint64_t rdtsc(void)
{
	return now;
}

static bool is_in(const uint32_t reg[LAPIC_REGISTERS], uint32_t set, uint32_t number)
{
	return (reg[set + number / 32] >> number % 32 & 1) != 0;
}

static void set_up(void)
{
	__CPROVER_havoc_object(before);
	__CPROVER_havoc_object(&deadline_before);
	__CPROVER_havoc_object(&vector);
	__CPROVER_havoc_object(&now);
	ASSUME(before[LAPIC_TPR] <= 0xff && before[LAPIC_SVR] <= 0x1ff && vector < 256);
	for (uint32_t i = 0; i < LAPIC_REGISTERS; i++)
		vcpu.lapic.reg[i] = before[i];
	vcpu.lapic.deadline = deadline_before;
}

/* All registers but @but, and the deadline. */
static bool kept(uint32_t but)
{
	for (uint32_t i = 0; i < LAPIC_REGISTERS; i++) {
		if (i != but && vcpu.lapic.reg[i] != before[i])
			return false;
	}
	return vcpu.lapic.deadline == deadline_before;
}

/* All registers but one bit of @set: that of @number. */
static bool kept_but_bit(uint32_t set, uint32_t number)
{
	const uint32_t bits = vcpu.lapic.reg[set + number / 32] ^ before[set + number / 32];

	return kept(set + number / 32) && (bits & ~(1u << number % 32)) == 0;
}

/* Is anything of this class served, or of one above it? */
static bool is_served_from(uint32_t class)
{
	bool served = false;

	for (uint32_t i = 0; i < 8; i++) {
		const uint32_t above = i > class / 2    ? UINT32_MAX
				       : i < class / 2  ? 0
				       : class % 2 != 0 ? 0xffff0000
							: UINT32_MAX;

		served |= (before[LAPIC_ISR + i] & above) != 0;
	}
	return served;
}

static bool is_due(uint32_t number)
{
	return is_in(before, LAPIC_IRR, number) && (before[LAPIC_SVR] & 0x100) != 0 &&
	       number >> 4 > before[LAPIC_TPR] >> 4 && !is_served_from(number >> 4);
}

void prove_lapic_next(void)
{
	set_up();
	const int next = lapic_next(&vcpu.lapic);

	PROVE(next >= -1 && next < 256 && kept(LAPIC_REGISTERS));
	PROVE(next < 0 || is_due((uint32_t)next));
	PROVE(!is_due(vector) || next >= (int)vector);
	REACHABLE(next == 0xff && is_served_from(0xe));
	REACHABLE(next == 0x20 && is_served_from(1) && before[LAPIC_TPR] == 0x1f);
	REACHABLE(next < 0 && is_in(before, LAPIC_IRR, 0x31) && is_in(before, LAPIC_ISR, 0x30));
}

void prove_lapic_deliver(void)
{
	set_up();
	lapic_deliver(&vcpu.lapic, (uint8_t)vector);
	PROVE(!is_in(vcpu.lapic.reg, LAPIC_IRR, vector));
	PROVE(vcpu.lapic.reg[LAPIC_ISR + vector / 32] == (before[LAPIC_ISR + vector / 32] | 1u << vector % 32));
	vcpu.lapic.reg[LAPIC_ISR + vector / 32] = before[LAPIC_ISR + vector / 32];
	PROVE(kept_but_bit(LAPIC_IRR, vector));
	REACHABLE(vector == 0xff);
}

/* The first 16 vectors are no interrupts. */
void prove_lapic_request(void)
{
	set_up();
	lapic_request(&vcpu.lapic, (uint8_t)vector);
	PROVE(is_in(vcpu.lapic.reg, LAPIC_IRR, vector) == (vector >= 16 || is_in(before, LAPIC_IRR, vector)));
	PROVE(kept_but_bit(LAPIC_IRR, vector));
	REACHABLE(vector < 16);
}

/* Once, when the time has come, and where the timer is not masked. */
void prove_lapic_tick(void)
{
	set_up();
	const uint32_t timer = before[LAPIC_TIMER], number = timer & 0xff;
	const bool due = deadline_before != 0 && now >= deadline_before;

	lapic_tick(&vcpu.lapic);
	PROVE(vcpu.lapic.deadline == (due ? 0 : deadline_before));
	if (due && (timer & 0x10000) == 0 && number >= 16)
		PROVE(is_in(vcpu.lapic.reg, LAPIC_IRR, number));
	else
		PROVE(vcpu.lapic.reg[LAPIC_IRR + number / 32] == before[LAPIC_IRR + number / 32]);
	vcpu.lapic.deadline = deadline_before;
	PROVE(kept_but_bit(LAPIC_IRR, number));
	REACHABLE(due && (timer & 0x10000) != 0);
	REACHABLE(!due && deadline_before != 0);
}
