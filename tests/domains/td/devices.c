/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Root has a device (QEMU's edu) write to and read each page of a domain: between two turns of its guest, and while it
 * runs on another CPU. The runner compares memory before and after the former, and sees that each kind of page was
 * among them (testbed/built_domain.py).
 */
#include "devices.h"

#include "script.h"

#include "attack.h"
#include "clock.h"
#include "cpu.h"
#include "hyper.h"
#include "paging.h"
#include "serial.h"
#include "tap.h"
#include "x86.h"

#define PATTERN 0x00005ec2e75ec2e7ul
#define BASES   (2u * RESERVED_RUNS)

/*
 * Where the pool may begin, for root is not told: where it and the hypervisor lie side by side, each may come first.
 * What is not the pool is the hypervisor then, and refused as well.
 */
static uint64_t bases[BASES];
static unsigned bases_count;

static bool find_bases(void)
{
	static struct memory_range runs[RESERVED_RUNS];
	const struct hv_stats stats = stats_read();
	const unsigned count = reserved_runs(runs);

	for (unsigned i = 0; i < count; i++) {
		if (runs[i].bytes >= stats.pool_bytes)
			bases[bases_count++] = runs[i].base;
		if (runs[i].bytes == stats.region_bytes + stats.pool_bytes)
			bases[bases_count++] = runs[i].base + stats.region_bytes;
	}
	data("sizes", (const uint64_t[]){stats.region_bytes, stats.pool_bytes}, 2 * sizeof(uint64_t));
	data("pool-bases", bases, bases_count * (uint32_t)sizeof(bases[0]));
	return bases_count != 0;
}

/* From page 'from' of the pool up to 'to'. */
static void attack(const char *when, const char *what, uint64_t from, uint64_t to)
{
	bool refused = true;

	for (unsigned i = 0; i < bases_count; i++) {
		for (uint64_t page = from; page < to; page++) {
			const uint64_t address = bases[i] + page * PAGE_BYTES;

			refused = refused_both(address, PAGE_BYTES, address) && refused;
		}
	}
	ok(refused && from < to, "%s: a device neither writes nor reads %s", when, what);
}

/* In the order of the build (rt/domain.c); after the vCPU comes the page with the pattern. */
static void attack_all(const char *when)
{
	const uint64_t private = built.tables + 6, pattern = built.vcpu[0] + DOMAIN_VCPU_PAGES;

	attack(when, "the records of the pool", 0, first);
	attack(when, "the domain's own page", built.page, built.page + 1);
	attack(when, "its tables", built.page + 1, private);
	attack(when, "the guest's memory", private, built.vcpu[0]);
	attack(when, "its vCPU", built.vcpu[0], pattern);
	attack(when, "a page that the guest looks at afterwards", pattern, built.next);
	attack(when, "a free page", built.next, built.next + 1);
	ok(works(0, PAGE_BYTES), "%s: ordinary memory is reached", when);
}

/* A guest with a page that is full of the pattern. */
static bool start_with_pattern(const struct op *ops, unsigned count)
{
	for (unsigned i = 0; i < PAGE_BYTES / sizeof(uint64_t); i++)
		((uint64_t *)shared_page)[i] = PATTERN;
	return build_open(&built, first, 1, ops, count) &&
	       answers(0, call(HC_PAGE_ADD, built.page, HOLE | DOMAIN_EXTEND, built.next++, (uint64_t)shared_page)) &&
	       answers(0, call(HC_DOMAIN_FINALIZE, built.page, 0, 0, 0));
}

static bool finds_pattern(void)
{
	return is(PAGE_BYTES / sizeof(uint64_t), told()) && is(0, told());
}

static void test_between_turns(void)
{
	begin("a device's transfers between two turns");
	ok(exits(DOMAIN_EXIT_IDLE, 0) && finds_pattern(), "a guest has seen its page, and halts");
	load_buffer();
	let_look();
	attack_all("between two turns");
	load_buffer();
	let_look();
}

static void test_while_running(struct cpu *other)
{
	struct turn turn = {&built, 0, -1};

	begin("a device's transfers while the guest runs");
	ok(answers(0, call(HC_VCPU_FLUSH, built.page, built.vcpu[0], 0, 0)) && interrupt(&built, 0),
	   "the guest is to go on, on another CPU");
	cpu_run(other, take_turn, &turn);
	attack_all("while the guest runs");
	ok(turn.result == -1 && interrupt(&built, 0) && cpu_wait(other, PATIENCE_US) &&
		   answers(DOMAIN_EXIT_IDLE, turn.result),
	   "it ran all the time, and comes to its end");
	ok(counts(1), "by the interrupts that it was given");
	ok(is(0, told()) && told() != 0, "it kept its registers");
	ok(finds_pattern(), "and its page");
	cpu_run(other, give_up, &turn);
	ok(cpu_wait(other, PATIENCE_US) && answers(0, turn.result), "its CPU gives it up");
	load_buffer();
	let_look();
	gone();
}

void test_device_attacks(bool on_amdvi)
{
	const struct op look = {OP_SEARCH, {HOLE, PAGE_BYTES, PATTERN}};
	const struct op ops[] = {look, {OP_HALT, {0}}, {OP_HOLD, {PATTERN, xfam}}, look, END};
	static struct edu device;
	struct cpu *const other = second_cpu();

	if (!other || edu_find(&device, 1) != 1)
		bail_out("there is one CPU, or no device");
	amdvi = on_amdvi;
	attacker = &device;
	allowed = page_get();
	begin("a domain under attack");
	ok(find_bases(), "the pool is found, as root cannot read it");
	ok(start_with_pattern(ops, COUNT(ops)), "a domain is built");
	test_between_turns();
	test_while_running(other);
}
