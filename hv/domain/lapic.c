/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The local APIC of a domain's vCPU. */
#include "lapic.h"

#include "vcpu.h"
#include "x86/instructions.h"
#include "x86/msr.h"

#define VERSION            0x00050014u
#define SVR_ENABLE         (1u << 8)
#define LVT_MASKED         (1u << 16)
#define LVT_TIMER_MODE     (3u << 17)
#define LVT_TIMER_DEADLINE (2u << 17)
#define X2APIC_PPR         0x80au
#define X2APIC_SELF_IPI    0x83fu

/* The x2APIC's registers (SDM 3A table 11-6), and the bits that may be written. Those without a name do nothing. */
static const struct rule {
	bool readable, writable;
	uint64_t bits;
} rules[LAPIC_REGISTERS] = {
	[0x02 ... 0x03] = {true, false, 0}, /* ID, version */
	[LAPIC_TPR] = {true, true, 0xff},
	[0x0a] = {true, false, 0}, /* PPR */
	[0x0b] = {false, true, 0}, /* EOI */
	[0x0d] = {true, false, 0}, /* LDR */
	[LAPIC_SVR] = {true, true, 0x1ff},
	[0x10 ... 0x27] = {true, false, 0},         /* ISR, TMR, IRR */
	[0x28] = {true, true, 0},                   /* ESR */
	[0x2f] = {true, true, UINT32_MAX},          /* CMCI */
	[0x30] = {true, true, 0xffffffff000ccfff},  /* ICR, which reads as 0 */
	[0x32 ... 0x38] = {true, true, UINT32_MAX}, /* LVT, initial count */
	[0x39] = {true, false, 0},                  /* current count */
	[0x3e] = {true, true, UINT32_MAX},          /* divide configuration */
	[0x3f] = {false, true, 0xff},               /* SELF IPI */
};

void lapic_reset(struct lapic *lapic, uint32_t apic_id)
{
	*lapic = (struct lapic){.reg = {[0x02] = apic_id,
					[0x03] = VERSION,
					[0x0d] = LAPIC_LOGICAL_ID(apic_id),
					[LAPIC_SVR] = 0xff,
					[0x2f] = LVT_MASKED,
					[0x32 ... 0x37] = LVT_MASKED}};
}

/* The first 16 vectors are no interrupts (SDM 3A 11.5.2). */
void lapic_request(struct lapic *lapic, uint8_t vector)
{
	if (vector >= 16)
		__atomic_fetch_or(&lapic->reg[LAPIC_IRR + vector / 32], 1u << vector % 32, __ATOMIC_SEQ_CST);
}

void lapic_tick(struct lapic *lapic)
{
	if (lapic->deadline == 0 || rdtsc() < lapic->deadline)
		return;
	lapic->deadline = 0;
	if ((lapic->reg[LAPIC_TIMER] & LVT_MASKED) == 0)
		lapic_request(lapic, (uint8_t)lapic->reg[LAPIC_TIMER]);
}

/* Each exit asks: without a branch, two words at once. */
static bool nothing_requested(const struct lapic *lapic)
{
	uint64_t bits = 0;

#pragma GCC unroll 4
	for (uint32_t i = LAPIC_IRR / 2; i < LAPIC_IRR / 2 + 4; i++)
		bits |= __atomic_load_n(&lapic->pair[i], __ATOMIC_SEQ_CST);
	return bits == 0;
}

/* The highest vector of the ISR or the IRR, or 0, which is in neither. */
static uint32_t highest(const uint32_t set[8])
{
	for (uint32_t word = 8; word-- > 0;) {
		const uint32_t bits = __atomic_load_n(&set[word], __ATOMIC_SEQ_CST);

		if (bits != 0)
			return word * 32 + 31 - (uint32_t)__builtin_clz(bits);
	}
	return 0;
}

/* Processor priority: the class of what is served, or the task's (SDM 3A 11.8.3.1). */
static uint32_t priority(const struct lapic *lapic)
{
	const uint32_t served = highest(&lapic->reg[LAPIC_ISR]) & 0xf0, task = lapic->reg[LAPIC_TPR];

	return task > served ? task : served;
}

int lapic_next(const struct lapic *lapic)
{
	if (nothing_requested(lapic) || (lapic->reg[LAPIC_SVR] & SVR_ENABLE) == 0)
		return -1;
	const uint32_t vector = highest(&lapic->reg[LAPIC_IRR]);

	return vector >> 4 > priority(lapic) >> 4 ? (int)vector : -1;
}

void lapic_deliver(struct lapic *lapic, uint8_t vector)
{
	__atomic_fetch_and(&lapic->reg[LAPIC_IRR + vector / 32], ~(1u << vector % 32), __ATOMIC_SEQ_CST);
	lapic->reg[LAPIC_ISR + vector / 32] |= 1u << vector % 32;
}

static void end_of_interrupt(struct lapic *lapic)
{
	const uint32_t served = highest(&lapic->reg[LAPIC_ISR]);

	lapic->reg[LAPIC_ISR + served / 32] &= ~(1u << served % 32);
}

/* The rule of a register. What is outside the table has the one of register 0, which there is not. */
static const struct rule *rule_of(uint32_t msr)
{
	const uint32_t index = msr - IA32_X2APIC_FIRST;

	return &rules[index < LAPIC_REGISTERS ? index : 0];
}

bool lapic_read(const struct lapic *lapic, uint32_t msr, uint64_t *value)
{
	const bool readable = rule_of(msr)->readable;

	if (msr == IA32_TSC_DEADLINE)
		*value = lapic->deadline;
	else if (msr == X2APIC_PPR)
		*value = priority(lapic);
	else
		*value = readable ? __atomic_load_n(&lapic->reg[msr % LAPIC_REGISTERS], __ATOMIC_SEQ_CST) : 0;
	return readable || msr == IA32_TSC_DEADLINE;
}

bool lapic_write(struct td_vcpu *vcpu, uint32_t msr, uint64_t value)
{
	const struct rule *const rule = rule_of(msr);
	struct lapic *const lapic = &vcpu->lapic;

	if (msr != IA32_TSC_DEADLINE && (!rule->writable || (value & ~rule->bits) != 0))
		return false;
	if (msr == IA32_TSC_DEADLINE)
		lapic->deadline = value;
	else if (msr == IA32_X2APIC_EOI)
		end_of_interrupt(lapic);
	else if (msr == IA32_X2APIC_ICR)
		icr_send(vcpu, value);
	else if (msr == X2APIC_SELF_IPI)
		lapic_request(lapic, (uint8_t)value);
	else
		lapic->reg[msr % LAPIC_REGISTERS] = (uint32_t)value;
	if ((lapic->reg[LAPIC_TIMER] & LVT_TIMER_MODE) != LVT_TIMER_DEADLINE)
		lapic->deadline = 0; /* other modes have none (SDM 3A 11.5.4.1) */
	return true;
}
