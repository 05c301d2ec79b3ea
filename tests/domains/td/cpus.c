/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cpus.h"

#include "script.h"

#include "clock.h"
#include "cpu.h"
#include "paging.h"
#include "tap.h"
#include "x86.h"

#define VECTOR_HOST 0x51u
#define PATTERN     0x00005ec2e75ec2e7ul
#define TURNS       20u
#define MOVES       20u
#define EVENTS      50u
#define CHANGES     100u
#define SETTLE_US   20000u

static struct cpu *other;
static struct built second;

/* --- what the other CPU does --- */

/* Until the timer. */
static void take_short_turn(void *argument)
{
	struct turn *const turn = argument;

	set_timer();
	turn->result = run(turn->built, turn->vcpu);
}

static void wait_a_little(void)
{
	for (const uint64_t since = clock_us(); clock_us() - since < SETTLE_US;)
		cpu_relax();
}

static void interrupt_host(void *argument)
{
	(void)argument;
	wait_a_little();
	ipi_send(cpus[0].apic_id, ICR_FIXED | ICR_ASSERT | VECTOR_HOST);
}

static void interrupt_guest(void *argument)
{
	(void)argument;
	wait_a_little();
	(void)call(HC_INTERRUPT, built.page, built.vcpu[0], GUEST_VECTOR, 0);
}

static void destroy_domain(void *argument)
{
	(void)argument;
	wait_a_little();
	while (call(HC_DOMAIN_DESTROY, built.page, 0, 0, 0) == HC_E_BUSY)
		cpu_relax();
}

static void disturb(void *argument)
{
	(void)argument;
	for (unsigned i = 0; i < EVENTS; i++) {
		const uint32_t nmis = cpus[0].nmis, ipis = cpus[0].ipis[VECTOR_HOST];

		ipi_send(cpus[0].apic_id, ICR_NMI | ICR_ASSERT);
		(void)wait_until(cpus[0].nmis != nmis, PATIENCE_US);
		ipi_send(cpus[0].apic_id, ICR_FIXED | ICR_ASSERT | VECTOR_HOST);
		(void)wait_until(cpus[0].ipis[VECTOR_HOST] != ipis, PATIENCE_US);
	}
}

static bool other_does(cpu_work work, struct turn *turn)
{
	cpu_run(other, work, turn);
	return cpu_wait(other, PATIENCE_US);
}

/* --- tests --- */

/* What OP_HOLD tells. */
static bool held(const struct built *whose)
{
	return is(0, whose->told[0]) && whose->words == 2 && whose->told[1] != 0;
}

/* A guest that has a pattern in all registers until it gets an interrupt. */
static bool start_holding(struct built *whose, uint64_t page, uint64_t pattern)
{
	const struct op ops[] = {{OP_HOLD, {pattern, xfam}}, END};

	at = 0;
	return build(whose, page, 1, ops, COUNT(ops));
}

static void test_kicks(void)
{
	static const struct op awaits[] = {{OP_AWAIT, {0}}, END}, spins[] = {{OP_SPIN, {0}}};

	begin("kicks");
	ok(start(1, awaits, COUNT(awaits)), "a guest waits");
	cpu_run(other, interrupt_guest, 0);
	ok(run_to_end(&built, 0) && counts(1) && cpu_wait(other, PATIENCE_US),
	   "an interrupt from another CPU reaches it while it runs");
	gone();
	ok(start(1, spins, COUNT(spins)), "another guest spins");
	cpu_run(other, destroy_domain, 0);
	while (run(&built, 0) == DOMAIN_EXIT_PREEMPTED)
		cpu_relax();
	ok(answers(HC_E_STATE, run(&built, 0)), "the domain's end ends its turn");
	ok(cpu_wait(other, PATIENCE_US), "and is done");
	ok(answers(HC_E_BUSY, call(HC_PAGE_RECLAIM, built.page, built.page, 8, 0)),
	   "its pages stay until the CPU has given the vCPU up");
	ok(answers(0, call(HC_VCPU_FLUSH, built.page, built.vcpu[0], 0, 0)), "then");
	ok(call(HC_PAGE_RECLAIM, built.page, built.page, built.next - built.page, 0) ==
		   (int64_t)(built.next - built.page),
	   "they are free");
}

/* A turn ends for an interrupt of this CPU, and for nothing else. */
static void test_no_other_exits(void)
{
	static const struct op ops[] = {{OP_SPIN, {0}}};
	uint32_t ipis;

	begin("a guest in a loop");
	ok(start(1, ops, COUNT(ops)), "a guest spins");
	const uint64_t before = interrupts_taken();

	ipis = cpus[0].ipis[VECTOR_HOST];
	cpu_run(other, interrupt_host, 0);
	while (cpus[0].ipis[VECTOR_HOST] == ipis && run(&built, 0) == DOMAIN_EXIT_PREEMPTED)
		;
	const uint64_t exits = built.exits[DOMAIN_EXIT_PREEMPTED], taken = interrupts_taken() - before;

	diag("%lu exits, %lu interrupts", (unsigned long)exits, (unsigned long)taken);
	ok(cpu_wait(other, PATIENCE_US) && exits != 0 && exits <= taken,
	   "it has no exit but for the host's interrupts");
	gone();
}

static void test_two_vcpus(void)
{
	static const struct op ops[] = {
		{OP_WRMSR, {0x830, 2ul << 32 | GUEST_VECTOR}},
		END,
	};
	struct turn turn = {&built, 1, -1};

	begin("two vCPUs");
	ok(start(2, ops, COUNT(ops)), "a domain has two vCPUs");
	ok(answers(DOMAIN_EXIT_WAKE, run_on(&built, 0)), "an interrupt for one that does not run wakes it");
	ok(other_does(take_turn, &turn) && turn.result == DOMAIN_EXIT_IDLE, "it runs on another CPU");
	ok(answers(HC_E_BUSY, call(HC_VCPU_RUN, built.page, built.vcpu[1], (uint64_t)built.run[1], 0)),
	   "and on no other before that gives it up");
	ok(answers(HC_E_STATE, call(HC_VCPU_FLUSH, built.page, built.vcpu[1], 0, 0)), "which no other CPU does for it");
	ok(other_does(give_up, &turn) && answers(DOMAIN_EXIT_IDLE, run_on(&built, 1)), "then it does");
	gone();
}

/* The second vCPU's x2APIC ID is 2. */
#define SEND(command)                                \
	{                                            \
		OP_WRMSR,                            \
		{                                    \
			0x830, 2ul << 32 | (command) \
		}                                    \
	}
/* With the vector of an interrupt, which would come if the mode were not looked at. */
#define SEND_OTHER_MODES                                                                               \
	SEND(ICR_NMI | GUEST_VECTOR), SEND(ICR_INIT | GUEST_VECTOR), SEND(ICR_STARTUP | GUEST_VECTOR), \
		SEND(ICR_SMI | GUEST_VECTOR)
#define MODES 4u

/* Was nothing told but that each WRMSR went on? */
static bool all_sent(void)
{
	bool right = is(2 * MODES, built.words);

	for (unsigned i = 0; i < 2 * MODES; i++)
		right = is(0, told()) && right;
	return right;
}

/* Of a vCPU that halts: what is requested stays, so that it must show when the vCPU runs again. */
static void test_messages_to_a_halted_vcpu(void)
{
	static const struct op ops[] = {
		{OP_OTHER, {8}}, SEND_OTHER_MODES, {OP_HALT, {0}}, SEND(GUEST_VECTOR), END, {OP_HALT, {0}}, END};
	struct turn turn = {&built, 1, -1};

	begin("messages to a vCPU that halts");
	ok(start(2, ops, COUNT(ops)) && other_does(take_turn, &turn) && turn.result == DOMAIN_EXIT_IDLE,
	   "the second vCPU of a domain halts");
	ok(exits(DOMAIN_EXIT_IDLE, 0) && all_sent(), "the first one sends it an NMI, an INIT, a SIPI and an SMI");
	ok(other_does(take_turn, &turn) && turn.result == DOMAIN_EXIT_IDLE && is(2 * MODES, built.words),
	   "it does not wake up");
	ok(answers(0, call(HC_INTERRUPT, built.page, built.vcpu[0], GUEST_VECTOR, 0)) &&
		   answers(DOMAIN_EXIT_WAKE, run_on(&built, 0)) && counts(1),
	   "the first one sends it an interrupt");
	ok(other_does(take_turn, &turn) && turn.result == DOMAIN_EXIT_IDLE && counts(1), "it has that one alone");
	ok(answers(DOMAIN_EXIT_IDLE, run_on(&built, 0)) && other_does(give_up, &turn), "both come to their ends");
	gone();
}

/* The interrupt is sent by MOV to ECX and EDX, WRMSR, HLT: nothing is told after it, when the second vCPU tells. */
static void test_messages_to_a_running_vcpu(void)
{
	static const struct op ops[] = {{OP_OTHER, {7}},
					SEND_OTHER_MODES,
					{OP_RUN, {0x5a026a00000830b9, 0xf4300f, GUEST_VECTOR}},
					END,
					{OP_AWAIT, {0}},
					END};
	struct turn turn = {&built, 1, -1};

	begin("messages to a vCPU that runs");
	ok(start(2, ops, COUNT(ops)), "a domain has two vCPUs");
	cpu_run(other, take_turn, &turn);
	wait_a_little();
	ok(turn.result == -1 && exits(DOMAIN_EXIT_IDLE, 0),
	   "one sends the other an NMI, an INIT, a SIPI, an SMI and an interrupt");
	ok(cpu_wait(other, PATIENCE_US) && turn.result == DOMAIN_EXIT_IDLE, "the other one goes on");
	at = 2 * MODES;
	ok(is(at + 2, built.words) && counts(1), "with the interrupt alone");
	ok(other_does(give_up, &turn), "its CPU gives it up");
	gone();
}

/* Each has its own registers and memory, whatever the other one has. */
static void test_two_domains(void)
{
	struct turn turn = {&second, 0, -1};
	bool preempted = true;

	begin("two domains on two CPUs");
	ok(start_holding(&built, first, PATTERN) && start_holding(&second, built.next, ~PATTERN),
	   "two domains hold patterns");
	cpu_run(other, take_turn, &turn);
	for (unsigned i = 0; i < TURNS && preempted; i++) {
		set_timer();
		preempted = answers(DOMAIN_EXIT_PREEMPTED, run(&built, 0));
	}
	ok(preempted, "the host's timer ends %u turns", TURNS);
	ok(answers(HC_E_BUSY, call(HC_VCPU_RUN, second.page, second.vcpu[0], (uint64_t)built.run[0], 0)),
	   "the other one runs on the other CPU");
	ok(answers(HC_E_PAGE, call(HC_VCPU_RUN, built.page, second.vcpu[0], (uint64_t)built.run[0], 0)),
	   "its vCPU is no vCPU of this one");
	ok(interrupt(&built, 0) && run_to_end(&built, 0) && interrupt(&second, 0) && cpu_wait(other, PATIENCE_US) &&
		   turn.result == DOMAIN_EXIT_IDLE,
	   "both come to their ends");
	ok(held(&built) && held(&second), "each kept its registers");
	ok(other_does(give_up, &turn) && destroy(&second), "the second one is gone");
	gone();
}

static void test_moves(void)
{
	struct turn turn = {&built, 0, -1};
	bool right = true;

	begin("a vCPU that moves");
	ok(start_holding(&built, first, PATTERN), "a guest holds a pattern");
	for (unsigned i = 0; i < MOVES && right; i++) {
		take_short_turn(&turn);
		right = answers(DOMAIN_EXIT_PREEMPTED, turn.result) &&
			answers(0, call(HC_VCPU_FLUSH, built.page, built.vcpu[0], 0, 0)) &&
			other_does(take_short_turn, &turn) && answers(DOMAIN_EXIT_PREEMPTED, turn.result) &&
			other_does(give_up, &turn) && answers(0, turn.result);
	}
	ok(right, "it has %u turns on each of two CPUs", MOVES);
	ok(interrupt(&built, 0) && run_to_end(&built, 0) && held(&built), "and kept its registers");
	gone();
}

static void test_events(void)
{
	const uint32_t nmis = cpus[0].nmis, ipis = cpus[0].ipis[VECTOR_HOST];
	bool preempted = true;

	begin("root's interrupts and NMIs");
	ok(start_holding(&built, first, PATTERN), "a guest holds a pattern");
	cpu_run(other, disturb, 0);
	while (other->work && preempted) {
		set_timer(); /* nothing else ends the turn after the last event */
		preempted = answers(DOMAIN_EXIT_PREEMPTED, run(&built, 0));
	}
	ok(preempted && !other->work, "each one ends its turn");
	ok(is(EVENTS, cpus[0].nmis - nmis), "%u NMIs are root's, once each", EVENTS);
	ok(is(EVENTS, cpus[0].ipis[VECTOR_HOST] - ipis), "so are %u interrupts", EVENTS);
	ok(interrupt(&built, 0) && run_to_end(&built, 0) && held(&built), "the guest saw none, and kept its registers");
	gone();
}

static bool is_half(uint32_t value)
{
	return value == (uint32_t)PATTERN || value == (uint32_t)(PATTERN >> 32);
}

/* INIT and SIPI are for root's CPU, whatever runs there. */
static void test_init(void)
{
	const struct start_state *const state = start_recorded(0);
	struct turn turn = {&built, 0, -1};

	begin("INIT and SIPI to a CPU in a guest");
	ok(start_holding(&built, first, PATTERN), "a guest holds a pattern");
	cpu_run(other, take_turn, &turn);
	wait_a_little();
	ok(turn.result == -1 && cpu_start(other, 0), "its CPU starts again");
	ok(!is_half(state->eax) && !is_half(state->ebx) && !is_half(state->ecx) && !is_half(state->esi) &&
		   !is_half(state->edi) && !is_half(state->ebp) && !is_half(state->cr2),
	   "with no register of the guest");
	ok(answers(HC_E_BUSY, call(HC_VCPU_RUN, built.page, built.vcpu[0], (uint64_t)built.run[0], 0)),
	   "and still has the vCPU");
	ok(other_does(give_up, &turn) && answers(0, turn.result), "which it gives up");
	ok(interrupt(&built, 0) && run_to_end(&built, 0) && held(&built), "the guest goes on elsewhere, as it was");
	gone();
}

/* Removes a page, as often as it takes. */
static bool removes(uint64_t number, uint64_t address, int64_t pages)
{
	int64_t result;

	while ((result = call(number, built.page, address, 0, 0)) == HC_E_BUSY)
		cpu_relax();
	return answers(pages, result);
}

/* Pages come and go beside one that the guest writes to; then this one goes. */
static void test_memory_while_running(void)
{
	const struct op ops[] = {TDCALL(TDG_VM_WR, 0, TD_CLOISTER_LAZY, 1, 1), {OP_HAMMER, {HOLE, PATTERN}}, END};
	const struct op next[] = {TDCALL(TDG_VM_WR, 0, TD_CLOISTER_LAZY, 1, 1), {OP_LOAD, {HOLE}}, END};
	struct turn turn = {&built, 0, -1};
	bool right = true;

	begin("private memory while a guest runs");
	ok(start(1, ops, COUNT(ops)) && exits(DOMAIN_EXIT_PAGE, HOLE) && augment(HOLE) &&
		   answers(0, call(HC_VCPU_FLUSH, built.page, built.vcpu[0], 0, 0)),
	   "a guest has a page");
	const uint64_t page = built.next - 1;

	cpu_run(other, take_turn, &turn);
	for (unsigned i = 0; i < CHANGES && right; i++) {
		int64_t result;

		while ((result = call(HC_PAGE_AUG, built.page, OTHER_HOLE, built.next, 0)) == HC_E_BUSY)
			cpu_relax();
		right = answers(0, result) && removes(HC_PAGE_REMOVE, OTHER_HOLE, 1);
	}
	ok(right && other->work, "another page comes and goes %u times while it runs", CHANGES);
	ok(removes(HC_PAGE_REMOVE, HOLE, 1), "its own page is taken away meanwhile");
	at = 0;
	ok(build(&second, built.next, 1, next, COUNT(next)) && run_on(&second, 0) == DOMAIN_EXIT_PAGE &&
		   answers(0, call(HC_PAGE_AUG, second.page, HOLE, page, 0)) && run_to_end(&second, 0) &&
		   is(0, second.told[8]),
	   "another domain gets it, and finds nothing in it");
	ok(answers(1, call(HC_PAGE_REMOVE, second.page, HOLE, 0, 0)) && destroy(&second), "which ends");
	ok(cpu_wait(other, PATIENCE_US) && answers(DOMAIN_EXIT_PAGE, turn.result) &&
		   is(HOLE, run_of(&built, 0)->exit.address),
	   "the first one waits for a page");
	ok(other_does(give_up, &turn) && answers(0, turn.result), "its CPU gives it up");
	gone();
}

static void test_sharing_while_running(void)
{
	const struct op ops[] = {
		VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, 0x1000), {OP_HAMMER, {GUEST_SHARED + HOLE, PATTERN}}, END};
	volatile uint64_t *const page = (volatile uint64_t *)shared_page;
	struct turn turn = {&built, 0, -1};

	begin("shared memory while a guest runs");
	ok(start(1, ops, COUNT(ops)) && exits(DOMAIN_EXIT_MAP_GPA, HOLE) &&
		   exits(DOMAIN_EXIT_PAGE, HOLE | shared_bit) &&
		   answers(0, call(HC_SHARED_MAP, built.page, HOLE, (uint64_t)page, 0)) &&
		   answers(0, call(HC_VCPU_FLUSH, built.page, built.vcpu[0], 0, 0)),
	   "a guest has a page of the host");
	page[0] = 0;
	cpu_run(other, take_turn, &turn);
	ok(wait_until(page[0] == PATTERN, PATIENCE_US), "it writes to it");
	ok(removes(HC_SHARED_UNMAP, HOLE, 0), "the host takes it away meanwhile");
	page[0] = 0;
	ok(cpu_wait(other, PATIENCE_US) && turn.result == DOMAIN_EXIT_PAGE, "the guest waits for another");
	ok(is(0, page[0]), "and has not written to it since");
	ok(answers(0, call(HC_SHARED_MAP, built.page, HOLE, (uint64_t)page, 0)), "the host maps it again");
	cpu_run(other, take_turn, &turn);
	ok(wait_until(page[0] == PATTERN, PATIENCE_US) && interrupt(&built, 0) && cpu_wait(other, PATIENCE_US) &&
		   turn.result == DOMAIN_EXIT_IDLE,
	   "the guest goes on");
	page[0] = 0;
	ok(other_does(give_up, &turn) && answers(0, turn.result), "its CPU gives it up");
	gone();
}

/* A page is wiped, and another vCPU cannot have it any more, when the guest's own request for it comes back. */
static void test_conversion_while_running(void)
{
	const struct op ops[] = {
		{OP_OTHER, {4}},
		TDCALL(TDG_VM_WR, 0, TD_CLOISTER_LAZY, 1, 1),
		VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, 0x1000),
		END,
		TDCALL(TDG_VM_WR, 0, TD_CLOISTER_LAZY, 1, 1),
		{OP_HAMMER, {HOLE, PATTERN}},
		END,
	};
	struct turn turn = {&built, 1, -1};

	begin("a guest that converts memory while it runs");
	ok(start(2, ops, COUNT(ops)) && run_on(&built, 1) == DOMAIN_EXIT_PAGE && augment(HOLE) &&
		   answers(0, call(HC_VCPU_FLUSH, built.page, built.vcpu[1], 0, 0)),
	   "a domain of two vCPUs has a page");
	cpu_run(other, take_turn, &turn);
	wait_a_little();
	ok(turn.result == -1 && exits(DOMAIN_EXIT_MAP_GPA, HOLE), "one releases it while the other writes to it");
	/* It may have come there before the page was released. */
	ok(cpu_wait(other, PATIENCE_US) && (turn.result != DOMAIN_EXIT_PAGE || other_does(take_turn, &turn)) &&
		   answers(DOMAIN_EXIT_DEAD, turn.result) && is(HOLE, run_of(&built, 1)->exit.address),
	   "which ends there");
	ok(run_to_end(&built, 0), "the first one goes on");
	ok(other_does(give_up, &turn), "the other CPU gives its vCPU up");
	gone();
}

/* The deadline is so many ticks from now. False: it has come before the guest halted. */
static bool halts_until(uint64_t *deadline, uint64_t ticks)
{
	*deadline = rdtsc() + ticks;
	const struct op ops[] = {
		{OP_WRMSR, {0x832, 0x40000 | GUEST_VECTOR}}, {OP_WRMSR, {0x6e0, *deadline}}, {OP_HALT, {0}}, END};

	return start(1, ops, COUNT(ops)) && exits(DOMAIN_EXIT_IDLE, 0) && run_of(&built, 0)->exit.deadline == *deadline;
}

#define DEADLINE_TICKS 1000000u /* at first: it may be a slow computer */
#define DEADLINE_TRIES 12u

static void test_deadline(void)
{
	uint64_t deadline, ticks = DEADLINE_TICKS;
	bool halts = false;

	begin("a deadline");
	for (unsigned i = 0; i < DEADLINE_TRIES && !halts; i++, ticks *= 2)
		halts = halts_until(&deadline, ticks);
	ok(halts && is(4, built.words), "a guest halts until a deadline, which the host knows");
	while (rdtsc() < deadline)
		cpu_relax();
	at = 4;
	ok(run_to_end(&built, 0) && counts(1), "then the guest has its interrupt");
	gone();
}

void test_cpus(void)
{
	test_deadline();
	other = second_cpu();
	if (!other)
		bail_out("there is one CPU");
	test_kicks();
	test_no_other_exits();
	test_two_vcpus();
	test_messages_to_a_halted_vcpu();
	test_messages_to_a_running_vcpu();
	test_two_domains();
	test_moves();
	test_events();
	test_init();
	test_memory_while_running();
	test_sharing_while_running();
	test_conversion_while_running();
}
