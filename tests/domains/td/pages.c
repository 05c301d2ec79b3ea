/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "pages.h"

#include "script.h"

#include "paging.h"
#include "tap.h"
#include "trap.h"

/* docs/guest-abi.md, section 5; MAPPED: released, and the host's page is there. */
enum state { ABSENT, PENDING, PRIVATE, RELEASED, MAPPED, STATES };
static const char *const names[STATES] = {"absent", "pending", "private", "released", "mapped"};

FORM(jump_there, "jmp *%rax");

/* The guest is halted, and the page at HOLE is in the state; what it does next is @act. */
static bool bring_to(enum state state, struct op act)
{
	const struct op setup = state == PRIVATE ? (struct op)ACCEPT(HOLE)
				: state == RELEASED || state == MAPPED
					? (struct op)VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, 0x1000)
					: (struct op){OP_CPUID, {0}};
	const struct op ops[] = {setup, {OP_HALT, {0}}, act, END};

	if (!start(1, ops, COUNT(ops)) || (state == PRIVATE && !augment(HOLE)) ||
	    ((state == RELEASED || state == MAPPED) && !exits(DOMAIN_EXIT_MAP_GPA, HOLE)) ||
	    !exits(DOMAIN_EXIT_IDLE, 0) || (state == PENDING && !augment(HOLE)))
		return false;
	at = built.words + 2; /* those of OP_HALT */
	return state != MAPPED || answers(0, call(HC_SHARED_MAP, built.page, HOLE, (uint64_t)shared_page, 0));
}

/* --- the host's --- */

static const struct {
	const char *name;
	uint64_t number, address;
	int8_t answer[STATES];
} host[] = {
#define M HC_E_MAPPING
	{"HC_PAGE_AUG", HC_PAGE_AUG, HOLE, {0, M, M, M, M}},
	{"HC_PAGE_REMOVE", HC_PAGE_REMOVE, HOLE, {M, 1, 1, M, M}},
	{"HC_PAGE_REMOVE of 2 MiB", HC_PAGE_REMOVE, DOMAIN_LEVEL_2MIB, {M, M, M, M, M}},
	{"HC_SHARED_MAP", HC_SHARED_MAP, HOLE, {M, M, M, 0, M}},
	{"HC_SHARED_UNMAP", HC_SHARED_UNMAP, HOLE, {0, 0, 0, 0, 0}},
	{"HC_SHARED_UNMAP of 2 MiB", HC_SHARED_UNMAP, DOMAIN_LEVEL_2MIB, {0, 0, 0, 0, 0}},
	{"HC_TABLE_ADD", HC_TABLE_ADD, 0, {M, M, M, M, M}},
#undef M
};

static int64_t call_host(uint64_t number, uint64_t address)
{
	switch (number) {
	case HC_PAGE_AUG:
	case HC_TABLE_ADD:
		return call(number, built.page, address, built.next++, 0);
	case HC_SHARED_MAP:
		return call(number, built.page, address, (uint64_t)shared_page, 0);
	default:
		return call(number, built.page, address, 0, 0);
	}
}

static void test_host_act(unsigned i)
{
	bool right = true;

	for (enum state state = 0; state < STATES; state++) {
		const bool done = bring_to(state, (struct op)END) &&
				  answers(host[i].answer[state], call_host(host[i].number, host[i].address));

		if (!destroy(&built) || !done) {
			diag("%s", names[state]);
			right = false;
		}
	}
	ok(right, "%s of a page in each state", host[i].name);
}

/* --- the guest's --- */

struct guest_act {
	const char *name;
	struct op op;
	int8_t exit[STATES];
	uint64_t value[STATES]; /* told where the guest comes to its end */
};

static void test_guest_act(const struct guest_act *act)
{
	bool right = true;

	for (enum state state = 0; state < STATES; state++) {
		const bool done = bring_to(state, act->op) &&
				  answers(0, call(HC_INTERRUPT, built.page, built.vcpu[0], GUEST_VECTOR, 0)) &&
				  answers(act->exit[state], run_on(&built, 0)) &&
				  (act->exit[state] != DOMAIN_EXIT_IDLE || is(act->value[state], told()));

		if (!destroy(&built) || !done) {
			diag("%s", names[state]);
			right = false;
		}
	}
	ok(right, "%s, in each state", act->name);
}

#define IDLE DOMAIN_EXIT_IDLE
#define DEAD DOMAIN_EXIT_DEAD
#define PAGE DOMAIN_EXIT_PAGE
#define CONV DOMAIN_EXIT_MAP_GPA
#define RCX  (TDX_OPERAND_INVALID | OPERAND_RCX)
#define VE   RAISED_VE(48)

static void test_guest_acts(void)
{
	struct op jump = {.number = OP_RUN};

	__builtin_memcpy(jump.in, jump_there, 16);
	jump.in[2] = GUEST_SHARED + HOLE;
	const struct guest_act acts[] = {
		{"ACCEPT", ACCEPT(HOLE), {PAGE, IDLE, IDLE, IDLE, IDLE}, {0, 0, TDX_PAGE_ALREADY_ACCEPTED, RCX, RCX}},
		{"MapGPA to shared",
		 VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, 0x1000),
		 {CONV, CONV, CONV, CONV, CONV},
		 {0}},
		{"MapGPA to private", VMCALL(0, VMCALL_MAP_GPA, HOLE, 0x1000), {CONV, CONV, CONV, CONV, CONV}, {0}},
		{"a load", {OP_LOAD, {HOLE}}, {PAGE, DEAD, IDLE, DEAD, DEAD}, {0, 0, 0, 0, 0}},
		{"a store", {OP_STORE, {HOLE, 1}}, {PAGE, DEAD, IDLE, DEAD, DEAD}, {0, 0, 1, 0, 0}},
		{"a load through the shared half",
		 {OP_LOAD, {GUEST_SHARED + HOLE}},
		 {IDLE, IDLE, IDLE, PAGE, IDLE},
		 {VE, VE, VE, 0, 0}},
		{"a jump into the shared half", jump, {DEAD, DEAD, DEAD, DEAD, DEAD}, {0}},
		{"an operand",
		 TDCALL(TDG_MR_RTMR_EXTEND, HOLE, 3),
		 {IDLE, IDLE, IDLE, IDLE, IDLE},
		 {RCX, RCX, 0, RCX, RCX}},
	};

	for (unsigned i = 0; i < COUNT(acts); i++)
		test_guest_act(&acts[i]);
}

void test_pages(void)
{
	begin("pages in each state");
	__builtin_memset(shared_page, 0, PAGE_BYTES);
	for (unsigned i = 0; i < COUNT(host); i++)
		test_host_act(i);
	test_guest_acts();
}
