/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's vCPU at an exit, and what every answer to one keeps: the host gets one exit record at most, the guest one
 * event at most and never over another one that is on its way, and a vCPU that was left is not touched again.
 */
#ifndef DOMAIN_EXIT_H
#define DOMAIN_EXIT_H

#include <stdlib.h>

#include "domain/run.h"
#include "domain_lock.h"
#include "machine/cpu.h"
#include "vcpu/guest_exit.h"

#define DF   8u
#define NONE UINT32_MAX

static struct pool pool;
static struct cpu cpu, *const cpus[1] = {&cpu};
static struct td td_before;
static struct td_vcpu *vcpu, before, after;
static struct domain_exit told;
static bool left, ended, interrupts_on;
static uint32_t delivering; /* the event whose delivery the exit interrupted, as event.h has it; 0: none */
static uint32_t advanced;   /* bytes */

/* What comes at the next entry; a vector or NONE. */
static bool ve;
static uint32_t exception, error_code, interrupt;

static void check_vcpu(const struct vcpu *of)
{
	PROVE(!left && of == &vcpu->vcpu);
}

static bool delivers_df(void)
{
	return (delivering & 0x800007ff) == (0x80000300 | DF);
}

static bool has_event(void)
{
	return delivering != 0 || exception != NONE || ve || interrupt != NONE;
}

void vcpu_advance(struct vcpu *of, unsigned bytes)
{
	check_vcpu(of);
	PROVE(advanced == 0 && exception == NONE && !ve && interrupt == NONE);
	advanced = bytes;
}

/* With what was being delivered it becomes what the CPU would make of the two; over a #DF, there is nothing. */
void vcpu_inject(struct vcpu *of, enum vector vector, uint32_t code)
{
	check_vcpu(of);
	PROVE(advanced == 0 && exception == NONE && !ve && interrupt == NONE && !delivers_df());
	exception = vector;
	error_code = code;
}

uint32_t vcpu_guest_delivering(const struct vcpu *of)
{
	check_vcpu(of);
	return delivering;
}

void vcpu_guest_inject_ve(struct vcpu *of)
{
	check_vcpu(of);
	PROVE(!has_event() && advanced == 0 && vcpu->ve.valid);
	ve = true;
}

bool vcpu_guest_interrupts_on(const struct vcpu *of)
{
	check_vcpu(of);
	return interrupts_on;
}

/* Its windows close: from now on any use of it is found. */
void run_leave(struct td_vcpu *of, const struct domain_exit *exit)
{
	PROVE(!left && of == vcpu && !locked && cpu.guest == &vcpu->vcpu);
	told = *exit;
	after = *vcpu;
	left = true;
	ended = after.dead;
	cpu.guest = 0;
	free(vcpu);
}

static void make_vcpu(void)
{
	vcpu = malloc(sizeof(*vcpu));
	ASSUME(vcpu);
	vcpu->vcpu.cpu = &cpu;
	vcpu->vcpu.frame = &vcpu->frame;
	vcpu->td = &td;
	vcpu->view = (struct pool_view){.pool = &pool, .cpus = cpus};
	vcpu->index = 0;
	vcpu->dead = false;
	vcpu->wakes = any_bool();
	vcpu->ve.valid = any_bool();
	ASSUME(vcpu->halt == NOT_HALTED || vcpu->halt == HALTED || vcpu->halt == HALTED_FOR_GOOD);
	ASSUME(vcpu->lapic.reg[LAPIC_TPR] <= 0xff && vcpu->entries < UINT64_MAX);
	cpu.guest = &vcpu->vcpu;
	before = *vcpu;
}

static void set_up(void)
{
	__CPROVER_havoc_object(&td);
	__CPROVER_havoc_object(&delivering);
	ASSUME(td.gpa_bits == 48 || td.gpa_bits == 52);
	ASSUME(delivering == 0 || (delivering >> 31 != 0 && (delivering & 0x7ffff000) == 0));
	td_before = td;
	pool.closed = any_bool();
	interrupts_on = any_bool();
	exception = interrupt = NONE;
	make_vcpu();
}

/* Whatever the exit was. */
static void check_record(void)
{
	const bool at_page = told.kind == DOMAIN_EXIT_PAGE || told.kind == DOMAIN_EXIT_DEAD;

	PROVE(told.bytes == 0 && told.value == 0 && told.write == 0 && told.deadline == 0);
	PROVE((told.address & 4095) == 0 && (told.address == 0 || at_page));
	PROVE((told.kind == DOMAIN_EXIT_DEAD) == ended);
}

/* After the answer to an exit, and before the guest may go on. */
static void check(void)
{
	if (left)
		check_record();
	else
		after = *vcpu;
	PROVE(!locked && interrupt == NONE && (!left || advanced == 0));
}

/* All are as they were, but those that are said to have changed. */
static void check_registers(bool rax_rdx, bool rbx_rcx)
{
	const struct registers *const a = &before.frame.guest, *const b = &after.frame.guest;

	PROVE(a->r15 == b->r15 && a->r14 == b->r14 && a->r13 == b->r13 && a->r12 == b->r12 && a->r11 == b->r11);
	PROVE(a->r10 == b->r10 && a->r9 == b->r9 && a->r8 == b->r8);
	PROVE(a->rdi == b->rdi && a->rsi == b->rsi && a->rbp == b->rbp);
	PROVE(rbx_rcx || (a->rbx == b->rbx && a->rcx == b->rcx));
	PROVE(rax_rdx || (a->rax == b->rax && a->rdx == b->rdx));
}

/* An exception, or the end over a double fault. Those whose delivery may be the next one's cause let the host in. */
static void check_exception(uint32_t vector, uint32_t code)
{
	check();
	PROVE(advanced == 0 && !ve && ended == delivers_df() && left == (ended || vector == 1 || vector == 17));
	PROVE(ended || (exception == vector && error_code == code));
	PROVE(!left || (told.kind == (ended ? DOMAIN_EXIT_DEAD : DOMAIN_EXIT_PREEMPTED) && told.address == 0));
	check_registers(false, false);
}

#endif
