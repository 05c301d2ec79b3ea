/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/exit.c, events and the host: for every exit that is no instruction's and every state of the vCPU. The host
 * learns a kind, and where a page is meant its address. #VE is for a port or a device's register (reasons 30 and 48)
 * and for nothing else; what the guest may not touch ends its vCPU. Before the guest goes on, it has the translations
 * of now, and the host knows of its deadline. The next interrupt is taken from the local APIC only when the guest can
 * take it, and is then the event; what is due after that is waited for, and none is due while the guest halts.
 * Assumed: the local APIC (lapic.c) and stage 2 answer as their headers say: each is another proof's subject, or the
 * unit tests'. No exit is for a #DF, which the guest's CPU delivers by itself.
 */
#include "domain_exit.h"

#include "domain/memory.h"

static struct guest_fault fault;
static bool ram; /* is the address RAM? */
static enum memory_state state;
static bool awaited, flushed;
static uint64_t now;

/* The local APIC: what is due there, what it said, and what was taken from it. */
static int due, seen;
static uint32_t taken;
static bool ticked;

uint64_t rdtsc(void)
{
	return now;
}

/* Another interrupt may be requested, and may be the next one. */
static void arrive(void)
{
	int other;

	ASSUME(other >= -1 && other < 256);
	due = other > due ? other : due;
}

void lapic_tick(struct lapic *lapic)
{
	PROVE(!left && lapic == &vcpu->lapic && !ticked);
	ticked = true;
	if (any_bool()) {
		lapic->deadline = 0;
		arrive();
	}
}

int lapic_next(const struct lapic *lapic)
{
	PROVE(!left && lapic == &vcpu->lapic && ticked);
	seen = due;
	return seen;
}

/* It is gone from the requests, and must come: the event is this one. */
void lapic_deliver(struct lapic *lapic, uint8_t vector)
{
	int other;

	PROVE(!left && lapic == &vcpu->lapic && vector == seen && vector == interrupt && taken == NONE);
	ASSUME(other >= -1 && other < 256);
	taken = vector;
	due = other;
}

/* Not beside another event, and not while the guest holds interrupts off. */
bool vcpu_guest_interrupt(struct vcpu *of, uint8_t vector)
{
	check_vcpu(of);
	PROVE(vector == seen && interrupt == NONE && !awaited);
	arrive();
	if (has_event() || any_bool())
		return false;
	interrupt = vector;
	return true;
}

/* What comes later kicks the CPU. */
void vcpu_guest_await_window(struct vcpu *of, bool wanted, uint32_t cr8)
{
	check_vcpu(of);
	PROVE(!awaited && wanted == (due >= 0) && cr8 == vcpu->lapic.reg[LAPIC_TPR] >> 4);
	awaited = true;
}

/* The CPU does not say that it has the new ones before. */
void vcpu_guest_flush_tlb(struct vcpu *of)
{
	check_vcpu(of);
	PROVE(td.vcpu[0].epoch == td_before.vcpu[0].epoch && td.vcpu[0].epoch != td.epoch);
	flushed = true;
}

/* Of the fault, with the shared bit or without. */
static uint64_t private_address(void)
{
	return fault.address.value & ~(1ull << (td.gpa_bits - 1));
}

bool domain_is_ram(const struct td *of, gpa_t address, uint64_t bytes)
{
	PROVE(of == &td && address.value == (private_address() & ~4095ull) && bytes == 4096);
	return ram;
}

enum memory_state domain_memory_state(const struct pool_view *view, const struct td *of, gpa_t address)
{
	PROVE(locked && of == &td && ram && address.value == private_address());
	return state;
}

static void make_event(void)
{
	set_up();
	__CPROVER_havoc_object(&now);
	__CPROVER_havoc_object(&state);
	__CPROVER_havoc_object(&fault);
	fault.write = any_bool();
	fault.fetch = any_bool();
	ASSUME((uint32_t)state <= MEMORY_RELEASED);
	busy = any_bool();
	ram = any_bool();
	taken = NONE;
	due = -1;
	arrive();
}

static bool same_ve(const struct ve_info *a, const struct ve_info *b)
{
	return a->valid == b->valid && a->reason == b->reason && a->length == b->length &&
	       a->qualification == b->qualification && a->linear == b->linear && a->physical == b->physical;
}

/* First what is on its way, with the host's CPU in between; over a #VE that was not looked at, #DF. */
static void check_ve(const struct ve_info *expected)
{
	check();
	check_registers(false, false);
	PROVE(advanced == 0 && left == (delivering != 0) && ve == (!left && !before.ve.valid));
	PROVE(!left || (told.kind == DOMAIN_EXIT_PREEMPTED && exception == NONE));
	PROVE(left || ve || (exception == DF && error_code == 0));
	PROVE(same_ve(&after.ve, ve ? expected : &before.ve));
}

void prove_event_io(void)
{
	struct io_access access;

	access.in = any_bool();
	access.string = any_bool();
	access.repeated = any_bool();
	ASSUME(access.bytes == 1 || access.bytes == 2 || access.bytes == 4);
	make_event();
	guest_exit_io(&vcpu->vcpu, access);
	/* SDM 3C table 27-5 */
	check_ve(&(struct ve_info){.valid = true,
				   .reason = 30,
				   .length = access.length,
				   .qualification = (access.bytes - 1u) + access.in * 8u + access.string * 16u +
						    access.repeated * 32u + access.port * 65536ull});
	REACHABLE(ve && access.port == 0xffff && access.in);
	REACHABLE(exception == DF);
	REACHABLE(left);
}

/* What stage 2 does not allow: a page that is missing is the host's to add, a device's register is a #VE. */
void prove_event_stage2(void)
{
	make_event();
	const uint64_t address = fault.address.value;
	const bool shared = (address >> (td.gpa_bits - 1) & 1) != 0, released = ram && state == MEMORY_RELEASED;
	const bool nothing = busy || (!shared && ram && state == MEMORY_PRIVATE);
	const bool page = !nothing && (shared ? released && !fault.fetch : ram && state == MEMORY_ABSENT);
	const bool device = !busy && shared && !released && !fault.fetch;

	guest_exit_stage2(&vcpu->vcpu, &fault);
	if (device) {
		check_ve(&(struct ve_info){.valid = true,
					   .reason = 48,
					   .qualification = fault.write ? 0x182 : 0x181,
					   .linear = fault.linear,
					   .physical = address});
	} else {
		check();
		check_registers(false, false);
		PROVE(advanced == 0 && exception == NONE && !ve);
		PROVE(left == !nothing && same_ve(&after.ve, &before.ve));
		PROVE(!left || told.kind == (page ? DOMAIN_EXIT_PAGE : DOMAIN_EXIT_DEAD));
		PROVE(!left || told.address == (address & ~4095ull));
	}
	REACHABLE(ve);
	REACHABLE(exception == DF);
	REACHABLE(left && page && shared);
	REACHABLE(left && page && !shared);
	REACHABLE(left && !page && shared && ram);
	REACHABLE(left && !page && state == MEMORY_PENDING && ram);
	REACHABLE(busy && !left);
}

void prove_event_exception(void)
{
	uint32_t code;
	enum vector vector;

	ASSUME(vector == VECTOR_DB || vector == VECTOR_UD || vector == VECTOR_GP || vector == VECTOR_AC);
	make_event();
	guest_exit_exception(&vcpu->vcpu, vector, code);
	check_exception(vector, code);
	REACHABLE(exception == 17 && left && code != 0 && delivering != 0);
	REACHABLE(exception == 1 && left);
	REACHABLE(exception == 6 && !left);
	REACHABLE(ended);
}

/* To the host, without any interrupt. */
static void check_left(bool ready)
{
	const bool idle = ready && !before.wakes && after.halt != NOT_HALTED;

	check_record();
	PROVE(taken == NONE && !flushed && !awaited && after.entries == before.entries);
	PROVE(told.kind == (ready && before.wakes ? DOMAIN_EXIT_WAKE
			    : idle                ? DOMAIN_EXIT_IDLE
						  : DOMAIN_EXIT_PREEMPTED));
	PROVE(after.wakes == (before.wakes && !ready));
	PROVE(!idle || after.halt == HALTED_FOR_GOOD || due < 0);
}

/* To the guest: with the translations of now; and where the host's time comes first, it knows of the deadline. */
static void check_resumed(bool ready)
{
	const uint64_t deadline = after.lapic.deadline, known = before.reported_deadline;

	PROVE(ready && !before.wakes && after.halt == NOT_HALTED && awaited && after.entries == before.entries + 1);
	PROVE(td.vcpu[0].epoch == td.epoch && flushed == (td_before.vcpu[0].epoch != td.epoch));
	PROVE(!flushed || after.site.address.value == 0);
	PROVE(interrupt == taken);
	PROVE(deadline == 0 || (known <= deadline && known > now));
}

void prove_event_resumes(void)
{
	make_event();
	const bool ready = td.info.state == DOMAIN_READY && !pool.closed, resumes = guest_exit_resumes(&cpu);

	if (!left)
		after = *vcpu;
	PROVE(resumes == !left && td.epoch == td_before.epoch && td.info.state == td_before.info.state);
	PROVE(after.halt == before.halt || (before.halt == HALTED && after.halt == NOT_HALTED));
	PROVE(same_ve(&after.ve, &before.ve) && !ve && exception == NONE && advanced == 0);
	check_registers(false, false);
	if (left)
		check_left(ready);
	else
		check_resumed(ready);
	REACHABLE(resumes && interrupt == 0x30 && due == 0x31);
	REACHABLE(resumes && before.halt == HALTED && flushed);
	REACHABLE(resumes && delivering != 0 && due >= 0);
	REACHABLE(told.kind == DOMAIN_EXIT_IDLE && left && after.halt == HALTED_FOR_GOOD && due >= 0);
	REACHABLE(told.kind == DOMAIN_EXIT_WAKE && left);
	REACHABLE(told.kind == DOMAIN_EXIT_PREEMPTED && left && ready);
	REACHABLE(told.kind == DOMAIN_EXIT_PREEMPTED && left && !ready);
}

/* The host learns that there is something for it, or that the guest is dead; no more. */
void prove_event_host(void)
{
	const bool dead = any_bool();

	make_event();
	if (dead)
		guest_exit_dead(&vcpu->vcpu);
	else
		guest_exit_preempted(&vcpu->vcpu);
	check();
	PROVE(left && ended == dead && told.kind == (dead ? DOMAIN_EXIT_DEAD : DOMAIN_EXIT_PREEMPTED));
	PROVE(told.address == 0 && exception == NONE && !ve);
	PROVE(!guest_exit_resumes(&cpu)); /* the exit that follows an answer */
	REACHABLE(dead);
	REACHABLE(!dead);
}
