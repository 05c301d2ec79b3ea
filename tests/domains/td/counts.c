/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "counts.h"

#include "script.h"

#include "hyper.h"
#include "paging.h"
#include "tap.h"
#include "trap.h"
#include "x86.h"

#define TURNS      8u
#define CODE_BYTES 16u

FORM(one_cpuid, "push %rbx\n mov $1, %r8d\n 1: cpuid\n dec %r8d\n jnz 1b\n pop %rbx");
FORM(many_cpuids, "push %rbx\n mov $1000, %r8d\n 1: cpuid\n dec %r8d\n jnz 1b\n pop %rbx");

static struct domain_info info;
static struct domain_list list;

static int64_t read_object(uint64_t object, uint64_t of, void *to, uint64_t bytes)
{
	const int64_t result = call(HC_READ, object | of << 32, 0, (uint64_t)shared_page, PAGE_BYTES);

	__builtin_memcpy(to, shared_page, bytes);
	__builtin_memset(shared_page, 0, PAGE_BYTES);
	return result;
}

static bool describe(void)
{
	return answers(sizeof(info), read_object(HV_OBJECT_DOMAIN, built.page, &info, sizeof(info))) &&
	       is(2, info.version) && is(sizeof(info), info.bytes) && is(built.page, info.domain);
}

static bool lists(uint64_t from, uint64_t count)
{
	return answers(sizeof(list), read_object(HV_OBJECT_DOMAINS, from, &list, sizeof(list))) &&
	       is(1, list.version) && is(sizeof(list), list.bytes) && is(count, list.count) && is(0, list.next) &&
	       is(count != 0 ? built.page : 0, list.domain[0]);
}

static struct op code(const void *form)
{
	struct op op = {.number = OP_RUN};

	__builtin_memcpy(op.in, form, CODE_BYTES);
	return op;
}

/* All pages of a domain that is not stopped are of one kind. */
static bool pages_add_up(void)
{
	return is(info.pages, 1u + info.tables + info.private_pages + DOMAIN_VCPU_PAGES * info.vcpus);
}

static void test_list(uint64_t pages)
{
	static const struct op ops[] = {END};

	begin("the list of domains");
	ok(lists(0, 0), "there is none yet");
	ok(start(1, ops, COUNT(ops)) && lists(0, 1) && lists(built.page, 1), "there is one");
	ok(lists(built.page + 1, 0) && lists(pages - 1, 0), "it is found from no later page on");
	ok(lists(pages, 0) && lists(UINT32_MAX, 0), "nor from a page that the pool does not have");
	ok(answers(0, call(HC_READ, HV_OBJECT_DOMAINS, sizeof(list), (uint64_t)shared_page, 1)) &&
		   answers(0, call(HC_READ, HV_OBJECT_DOMAINS, ~0ul, (uint64_t)shared_page, 1)) &&
		   answers(4, call(HC_READ, HV_OBJECT_DOMAINS, sizeof(list) - 4, (uint64_t)shared_page, PAGE_BYTES)),
	   "after the list there is nothing");
	ok(answers(HC_E_BUFFER, call(HC_READ, HV_OBJECT_DOMAINS, 0, 0xfed40000, 64)) &&
		   answers(HC_E_BUFFER, call(HC_READ, HV_OBJECT_DOMAINS, 0, (uint64_t)shared_page + 8, PAGE_BYTES)) &&
		   answers(HC_E_ARGUMENT, call(HC_READ, HV_OBJECT_DOMAINS, 0, (uint64_t)shared_page, 0)) &&
		   answers(HC_E_ARGUMENT, call(HC_READ, HV_OBJECT_COUNT, 0, (uint64_t)shared_page, 64)) &&
		   answers(HC_E_ARGUMENT, call(HC_READ, HV_OBJECT_STATS | 1ul << 32, 0, (uint64_t)shared_page, 64)),
	   "bad arguments are refused");
	ok(answers(0, call(HC_DOMAIN_DESTROY, built.page, 0, 0, 0)) && describe() && is(DOMAIN_STOPPED, info.state) &&
		   lists(0, 1),
	   "a stopped domain is one until its pages are free");
	ok(answers((int64_t)info.pages - 1, call(HC_PAGE_RECLAIM, built.page, built.page + 1, info.pages + 8, 0)) &&
		   describe() && is(1, info.pages) && answers(1, call(HC_PAGE_RECLAIM, built.page, built.page, 1, 0)) &&
		   lists(0, 0),
	   "then it is none");
	ok(answers(HC_E_DOMAIN, read_object(HV_OBJECT_DOMAIN, built.page, &info, sizeof(info))) &&
		   answers(HC_E_DOMAIN, read_object(HV_OBJECT_DOMAIN, pages, &info, sizeof(info))) &&
		   answers(HC_E_DOMAIN, read_object(HV_OBJECT_DOMAIN, 0, &info, sizeof(info))),
	   "and nothing is read of it, or of what never was one");
	built.page = 0;
}

static void test_pages_by_state(void)
{
	const struct op ops[] = {
		VMCALL(0, VMCALL_MAP_GPA, HOLE | shared_bit, 0x1000),
		{OP_LOAD, {GUEST_SHARED + HOLE}},
		ACCEPT(OTHER_HOLE),
		VMCALL(0, VMCALL_MAP_GPA, HOLE, 0x1000),
		END,
	};

	begin("pages by their state");
	ok(start(1, ops, COUNT(ops)) && describe() && pages_add_up() && is(DOMAIN_READY, info.state) &&
		   is(1, info.vcpus) && is(0, info.pending_pages) && is(0, info.shared_pages),
	   "a domain has what was built");
	const uint32_t private = info.private_pages;

	ok(exits(DOMAIN_EXIT_MAP_GPA, HOLE) && exits(DOMAIN_EXIT_PAGE, HOLE | shared_bit) &&
		   answers(0, call(HC_SHARED_MAP, built.page, HOLE, (uint64_t)shared_page, 0)) && describe() &&
		   is(1, info.shared_pages) && is(private, info.private_pages),
	   "a page of the host's is shared");
	ok(augment(OTHER_HOLE) && describe() && is(1, info.pending_pages) && is(private + 1, info.private_pages) &&
		   pages_add_up(),
	   "a page that comes is pending");
	ok(exits(DOMAIN_EXIT_MAP_GPA, HOLE) && describe() && is(0, info.pending_pages) && is(0, info.shared_pages) &&
		   is(private + 1, info.private_pages),
	   "until it is accepted, and shared until the guest wants it private");
	ok(augment(HOLE) && describe() && is(1, info.pending_pages) &&
		   answers(1, call(HC_PAGE_REMOVE, built.page, HOLE, 0, 0)) && describe() &&
		   is(0, info.pending_pages) && is(private + 1, info.private_pages) && pages_add_up(),
	   "one that goes is none of them");
	gone();
}

/* Exits that the hypervisor answers itself, of a guest that executes this and comes to its end; all its kinds agree. */
static uint64_t answered_of(const void *form)
{
	const struct op ops[] = {code(form), END};
	bool same = start(1, ops, COUNT(ops)) && run_to_end(&built, 0) && describe();

	for (unsigned kind = 0; kind < DOMAIN_EXIT_KINDS; kind++)
		same = is(built.exits[kind], info.exits[kind]) && same;
	ok(same, "the host was told as many exits of each kind as are counted");
	const uint64_t answered = info.answered;

	gone();
	return answered;
}

static void test_exits(void)
{
	begin("exits by their kind");
	const uint64_t one = answered_of(one_cpuid), many = answered_of(many_cpuids);

	ok(is(999, many - one), "what the hypervisor answers itself is counted apart");
}

/* Turns of a guest that never comes to an end, each of which root's timer ends. */
static bool take_turns(void)
{
	bool preempted = true;

	for (unsigned i = 0; i < TURNS; i++) {
		set_timer();
		preempted = answers(DOMAIN_EXIT_PREEMPTED, run(&built, 0)) && preempted;
	}
	return preempted;
}

static void test_loop(void)
{
	static const struct op ops[] = {{OP_SPIN, {0}}};

	begin("a loop of a guest's own");
	ok(start(1, ops, COUNT(ops)) && take_turns() && describe(), "it is in its loop");
	const struct domain_info before = info;
	const uint64_t start_of_turns = rdtsc();

	ok(take_turns() && describe(), "and stays there");
	const uint64_t passed = rdtsc() - start_of_turns, spent = info.run_ticks - before.run_ticks;

	ok(is(TURNS, info.exits[DOMAIN_EXIT_PREEMPTED] - before.exits[DOMAIN_EXIT_PREEMPTED]) &&
		   is(before.answered, info.answered),
	   "each exit is the host's timer's, and there is no other");
	ok(spent != 0 && spent <= passed, "its time is what it ran");
	diag("%lu ticks of %lu", spent, passed);
	gone();
}

void test_counts(uint64_t pages)
{
	test_list(pages);
	test_pages_by_state();
	test_exits();
	test_loop();
}
