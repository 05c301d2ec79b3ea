/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "large.h"

#include "script.h"

#include "paging.h"
#include "tap.h"
#include "trap.h"

#define LARGE_BYTES 0x200000ul
#define LARGE_PAGES 512u
#define LARGE       0x200000ul /* its address in the guest, which is RAM one to one */
#define IN_LARGE    (LARGE + 0x1f7008)
#define SHARED      (GUEST_SHARED + GUEST_SHARED_LARGE)
#define VALUE       0x1a59e0f2001ul

FORM(go_there, "jmp *%rax");

/* RAM of this program that begins at a multiple of 2 MiB. */
static uint8_t memory[2 * LARGE_BYTES];

static uint8_t *large_memory(void)
{
	return (uint8_t *)(((uint64_t)memory + LARGE_BYTES - 1) & ~(LARGE_BYTES - 1));
}

/* The pool begins at a multiple of 2 MiB, too. */
static int64_t augment_large(void)
{
	const uint64_t page = (built.next + LARGE_PAGES - 1) / LARGE_PAGES * LARGE_PAGES;

	built.next = page + LARGE_PAGES;
	return call(HC_PAGE_AUG, built.page, LARGE | DOMAIN_LEVEL_2MIB, page, 0);
}

static bool add_table(void)
{
	return answers(0, call(HC_TABLE_ADD, built.page, LARGE | DOMAIN_LEVEL_4KIB, built.next++, 0));
}

static int64_t remove_large(void)
{
	return call(HC_PAGE_REMOVE, built.page, LARGE | DOMAIN_LEVEL_2MIB, 0, 0);
}

static void test_whole(void)
{
	static const struct op ops[] = {
		ACCEPT(LARGE | 1), ACCEPT(LARGE | 1), {OP_STORE, {IN_LARGE, VALUE}}, {OP_LOAD, {IN_LARGE}}, END};

	ok(start(1, ops, COUNT(ops)) && exits(DOMAIN_EXIT_PAGE, LARGE), "2 MiB that are absent are asked for");
	ok(answers(0, augment_large()) && answers(HC_E_MAPPING, augment_large()), "they are given once");
	ok(run_to_end(&built, 0) && tells(TDX_SUCCESS), "the guest accepts them at once");
	ok(tells(TDX_PAGE_ALREADY_ACCEPTED | 1), "and not again");
	ok(counts(VALUE) && counts(VALUE), "they are its memory");
	ok(answers(HC_E_MAPPING, call(HC_PAGE_REMOVE, built.page, LARGE, 0, 0)), "nothing of them is taken alone");
	ok(answers(LARGE_PAGES, remove_large()) && answers(HC_E_MAPPING, remove_large()),
	   "as a whole they are, wiped and free");
	gone();
}

/* What is pending is split by the guest's wish, what is private by the host's alone. */
static void test_split(void)
{
	static const struct op parts[] = {ACCEPT(LARGE), ACCEPT(LARGE | 1), {OP_LOAD, {LARGE}}, {OP_LOAD, {IN_LARGE}}};
	static const struct op held[] = {
		ACCEPT(LARGE | 1), {OP_STORE, {IN_LARGE, VALUE}}, {OP_HALT, {0}}, {OP_LOAD, {IN_LARGE}}, END};

	ok(start(1, parts, COUNT(parts)) && answers(0, augment_large()) && exits(DOMAIN_EXIT_TABLE, LARGE),
	   "for a part of 2 MiB that are pending a table is asked for");
	ok(add_table() && exits(DOMAIN_EXIT_DEAD, IN_LARGE & ~(PAGE_BYTES - 1)) && tells(TDX_SUCCESS),
	   "then it is accepted, and the rest is pending yet");
	ok(tells(TDX_PAGE_SIZE_MISMATCH | OPERAND_RCX) && counts(0), "2 MiB of both kinds are not accepted at once");
	gone();
	ok(start(1, held, COUNT(held)) && answers(0, augment_large()) && exits(DOMAIN_EXIT_IDLE, 0) && add_table(),
	   "2 MiB in use become 512 pages");
	ok(answers(0, call(HC_INTERRUPT, built.page, built.vcpu[0], GUEST_VECTOR, 0)) && run_to_end(&built, 0) &&
		   tells(TDX_SUCCESS) && counts(VALUE) && counts(1) && counts(VALUE),
	   "the guest sees nothing of it");
	ok(answers(HC_E_MAPPING, remove_large()) &&
		   answers(1, call(HC_PAGE_REMOVE, built.page, IN_LARGE & ~(PAGE_BYTES - 1), 0, 0)),
	   "and each is taken by itself");
	gone();
}

/* A part of what is private becomes the host's. */
static void test_released_part(void)
{
	static struct op ops[] = {
		ACCEPT(LARGE | 1), {OP_STORE, {IN_LARGE, VALUE}}, {OP_END, {0}}, {OP_LOAD, {IN_LARGE}}, END};

	ops[2] = (struct op)VMCALL(0, VMCALL_MAP_GPA, (LARGE + PAGE_BYTES) | shared_bit, PAGE_BYTES);
	ok(start(1, ops, COUNT(ops)) && answers(0, augment_large()) && exits(DOMAIN_EXIT_TABLE, LARGE + PAGE_BYTES),
	   "to release a part of 2 MiB a table is asked for");
	ok(add_table() && exits(DOMAIN_EXIT_MAP_GPA, LARGE + PAGE_BYTES) &&
		   is(PAGE_BYTES, run_of(&built, 0)->exit.value),
	   "then the part is released");
	ok(run_to_end(&built, 0) && tells(TDX_SUCCESS) && counts(VALUE) && vmcall_tells(VMCALL_SUCCESS) &&
		   counts(VALUE),
	   "and nothing else");
	gone();
}

/* @act: what the guest does with the 2 MiB, after it has written to them and read them */
static bool share(struct op act)
{
	static struct op ops[] = {ACCEPT(LARGE | 1),
				  {OP_END, {0}},
				  {OP_STORE, {SHARED + 0x1f7008, VALUE}},
				  {OP_LOAD, {SHARED + 0x1f7010}},
				  {OP_END, {0}},
				  END};

	ops[1] = (struct op)VMCALL(0, VMCALL_MAP_GPA, LARGE | shared_bit, LARGE_BYTES);
	ops[4] = act;
	__builtin_memset(large_memory(), 0, LARGE_BYTES);
	*(uint64_t *)(large_memory() + 0x1f7010) = VALUE + 1;
	return ok(start(1, ops, COUNT(ops)) && answers(0, augment_large()) && exits(DOMAIN_EXIT_MAP_GPA, LARGE) &&
			  is(LARGE_BYTES, run_of(&built, 0)->exit.value),
		  "2 MiB are released at once") &&
	       ok(exits(DOMAIN_EXIT_PAGE, (LARGE + 0x1f7000) | shared_bit), "the host's are asked for") &&
	       ok(answers(0, call(HC_SHARED_MAP, built.page, LARGE | DOMAIN_LEVEL_2MIB, (uint64_t)large_memory(), 0)),
		  "the host maps 2 MiB");
}

static void test_shared(void)
{
	struct op jump = {.number = OP_RUN};

	__builtin_memcpy(jump.in, go_there, 16);
	jump.in[2] = SHARED + 0x3000;
	if (share((struct op){OP_HALT, {0}})) {
		ok(exits(DOMAIN_EXIT_IDLE, 0) && tells(TDX_SUCCESS) && vmcall_tells(VMCALL_SUCCESS) && counts(VALUE) &&
			   counts(VALUE + 1) && is(VALUE, *(uint64_t *)(large_memory() + 0x1f7008)),
		   "both see what the other writes");
		ok(answers(0, call(HC_SHARED_UNMAP, built.page, LARGE | DOMAIN_LEVEL_2MIB, 0, 0)),
		   "the host takes them away");
	}
	gone();
	if (share(jump))
		ok(exits(DOMAIN_EXIT_DEAD, (LARGE + 0x3000) | shared_bit), "and there is no code in them");
	gone();
}

void test_large(void)
{
	begin("2 MiB at once");
	test_whole();
	test_split();
	test_released_part();
	test_shared();
}
