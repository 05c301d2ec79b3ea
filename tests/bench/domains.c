/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What domains cost, by the TSC: with QEMU's -icount shift=0 a tick is an instruction. A guest counts its own exits;
 * the host a run that comes back to it; and 2 MiB that are added and taken away, wiped, beside plain stores.
 */
#include "clock.h"
#include "domain.h"
#include "hyper.h"
#include "paging.h"
#include "tap.h"
#include "x86.h"

#include <tdx/abi.h>

#define ROUNDS       64u
#define LARGE_BYTES  0x200000ul
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static uint64_t first;
static struct built built;

static uint64_t median_of_empty;

/* What the guest found, without what its clock costs. */
static void figure(const char *name, uint64_t ticks)
{
	diag("BENCH %s %lu", name, (unsigned long)(ticks - median_of_empty));
}

static void guest_exits(void)
{
	static const struct op ops[] = {
		{OP_TIME, {TIME_NOTHING}}, {OP_TIME, {TIME_CPUID}}, {OP_TIME, {TIME_RDMSR}},
		{OP_TIME, {TIME_TDCALL}},  {OP_END, {0}},
	};

	if (!build(&built, first, 1, ops, COUNT(ops)) || !run_to_end(&built, 0))
		bail_out("the guest does not come to its end");
	median_of_empty = built.told[0];
	figure("cpuid", built.told[2]);
	figure("rdmsr", built.told[4]);
	figure("tdcall", built.told[6]);
	median_of_empty = 0;
	if (!destroy(&built))
		bail_out("the domain does not end");
}

/* Each of the guest's accesses to a port: there, and back. */
static void round_trips(void)
{
	static struct op ops[ROUNDS / 8];
	uint64_t best = ~0ul;

	for (unsigned i = 0; i + 1 < COUNT(ops); i++)
		ops[i] = (struct op){OP_CPUID, {0}};
	if (!build(&built, first, 1, ops, COUNT(ops)))
		bail_out("no domain");
	for (unsigned i = 0; i < 4 * (COUNT(ops) - 1); i++) {
		const uint64_t start = rdtsc();

		(void)call(HC_VCPU_RUN, built.page, built.vcpu[0], (uint64_t)built.run[0], 0);
		const uint64_t ticks = rdtsc() - start;

		if (built.run[0]->exit.kind != DOMAIN_EXIT_IO)
			bail_out("exit %u", built.run[0]->exit.kind);
		best = ticks < best ? ticks : best;
		built.run[0]->entry.value = built.run[0]->entry.failed = 0;
	}
	figure("run", best);
	if (!destroy(&built))
		bail_out("the domain does not end");
}

static void plain_stores(void)
{
	static uint8_t plain[LARGE_BYTES];
	void *to = plain;
	uint64_t count = LARGE_BYTES;
	const uint64_t start = rdtsc();

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(count) : "a"(0) : "memory");
	figure("stosb", rdtsc() - start);
}

static void large_pages(void)
{
	static const struct op ops[] = {{OP_END, {0}}};
	const uint64_t large = LARGE_BYTES / PAGE_BYTES; /* the pool begins at 2 MiB */

	if (!build(&built, first, 1, ops, COUNT(ops)))
		bail_out("no domain");
	const uint64_t start = rdtsc();
	const int64_t result = call(HC_PAGE_AUG, built.page, 0x200000 | DOMAIN_LEVEL_2MIB, large, 0);
	const uint64_t added = rdtsc();
	const int64_t removed = call(HC_PAGE_REMOVE, built.page, 0x200000 | DOMAIN_LEVEL_2MIB, 0, 0);
	const uint64_t end = rdtsc();

	figure("augment", added - start);
	figure("remove", end - added);
	if (result != 0 || removed != (int64_t)large)
		bail_out("2 MiB: HC_PAGE_AUG %d, HC_PAGE_REMOVE %d", (int)result, (int)removed);
}

void test_main(void)
{
	const uint64_t pages = stats_read().pool_bytes / PAGE_BYTES;

	first = (pages + 511) / 512;
	domain_init();
	guest_exits();
	round_trips();
	large_pages();
	plain_stores();
	diag("BENCH DONE");
}
