/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The IDT, the common trap handler, and attempts. */
#include "trap.h"
#include "cpu.h"
#include "tap.h"
#include "x86.h"

#define STUB_BYTES       16u
#define VECTOR_USER_DONE 0x80u
#define FIRST_INTERRUPT  32u
#define FAULT_IST        1u

/* 64-bit interrupt gate (APM volume 2, section 4.8.4). */
struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
	uint32_t offset_high, reserved;
};
#define GATE_INTERRUPT 0x8e
#define GATE_DPL3      0x60

extern const uint8_t trap_stubs[] __attribute__((visibility("hidden")));
extern const uint8_t attempt_resume[] __attribute__((visibility("hidden")));
void attempt_cpl0(const void *code, struct gprs *regs) __attribute__((visibility("hidden")));
void attempt_user(const void *code, struct gprs *regs, uint64_t stack, uint32_t cs, uint32_t ss)
	__attribute__((visibility("hidden")));
void trap(struct frame *frame) __attribute__((visibility("hidden")));

static struct gate idt[256] __attribute__((aligned(16)));

/* INT3, INTO and the exit of attempt_cpl3 may come from CPL 3. */
static bool open_to_cpl3(unsigned int vector)
{
	return vector == VEC_BP || vector == 4 || vector == VECTOR_USER_DONE;
}

static struct gate gate_make(unsigned int vector)
{
	const uint64_t stub = (uint64_t)trap_stubs + vector * STUB_BYTES;

	return (struct gate){
		.offset_low = (uint16_t)stub,
		.offset_mid = (uint16_t)(stub >> 16),
		.offset_high = (uint32_t)(stub >> 32),
		.selector = SELECTOR_CODE,
		.ist = vector == VEC_DF ? FAULT_IST : 0,
		.type = (uint8_t)(GATE_INTERRUPT | (open_to_cpl3(vector) ? GATE_DPL3 : 0)),
	};
}

void idt_load(void)
{
	const struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} idtr = {sizeof(idt) - 1, (uint64_t)idt};

	for (unsigned int v = 0; v < 256; v++)
		idt[v] = gate_make(v);
	__asm__ volatile("lidt %0" : : "m"(idtr));
}

void trap_set_hook(trap_hook hook)
{
	this_cpu()->hook = hook;
}

static void attempt_end(struct cpu *cpu, struct frame *frame)
{
	const bool done = frame->vector == VECTOR_USER_DONE;

	*cpu->attempt_regs = frame->gprs;
	cpu->outcome = (struct outcome){done ? NO_FAULT : (uint32_t)frame->vector, (uint32_t)frame->error, frame->rip};
	frame->rip = (uint64_t)attempt_resume;
	frame->rsp = cpu->attempt_rsp;
	frame->cs = SELECTOR_CODE;
	frame->ss = SELECTOR_DATA;
	frame->rflags = 2;
}

static bool is_interrupt(const struct frame *frame)
{
	return frame->vector == VEC_NMI || (frame->vector >= FIRST_INTERRUPT && frame->vector != VECTOR_USER_DONE);
}

static void count_interrupt(struct cpu *cpu, const struct frame *frame)
{
	if (frame->vector == VEC_NMI) {
		cpu->nmis++;
		return;
	}
	cpu->ipis[frame->vector]++;
	wrmsr(MSR_X2APIC_EOI, 0);
}

void trap(struct frame *frame)
{
	struct cpu *cpu = this_cpu();
	const bool interrupt = is_interrupt(frame);

	if (interrupt)
		count_interrupt(cpu, frame);
	if (cpu->hook && cpu->hook(frame))
		return;
	if (interrupt)
		return;
	if (!cpu->attempt_rsp)
		bail_out("CPU %u: unexpected exception %lu, error %lx, at %lx", cpu->index, frame->vector, frame->error,
			 frame->rip);
	attempt_end(cpu, frame);
}

struct outcome attempt(const void *code, struct gprs *regs)
{
	this_cpu()->outcome = (struct outcome){NO_FAULT, 0, 0};
	attempt_cpl0(code, regs);
	return this_cpu()->outcome;
}

struct outcome attempt_cpl3(const void *code, struct gprs *regs)
{
	struct cpu *cpu = this_cpu();

	cpu->outcome = (struct outcome){NO_FAULT, 0, 0};
	attempt_user(code, regs, (uint64_t)cpu->user_stack + CPU_STACK_BYTES, SELECTOR_USER_CODE, SELECTOR_USER_DATA);
	return cpu->outcome;
}

bool faulted(const struct outcome *o, uint32_t vector, uint32_t error, const void *rip)
{
	const bool same = o->vector == vector && o->error == error && o->rip == (uint64_t)rip;

	if (same)
		return true;
	if (o->vector == NO_FAULT)
		diag("got no exception");
	else
		diag("got vector %u, error %x, at RIP %lx", o->vector, o->error, o->rip);
	diag("expected vector %u, error %x, at RIP %lx", vector, error, (uint64_t)rip);
	return false;
}

bool completed(const struct outcome *o)
{
	if (o->vector == NO_FAULT)
		return true;
	diag("got vector %u, error %x, at RIP %lx; expected no exception", o->vector, o->error, o->rip);
	return false;
}
