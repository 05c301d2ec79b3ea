/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cycles.h"

#include "script.h"

#include "hyper.h"
#include "paging.h"
#include "serial.h"
#include "tap.h"
#include "x86.h"

#define CYCLES      200u
#define MANY_CYCLES 10000u
#define SAMPLE      500u /* cycles at both ends, of which the fastest count */
#define TENTHS      12u  /* of the first ones' time that the last ones may take */

static bool cycle(void)
{
	static const struct op ops[] = {{OP_CPUID, {0}}, END};

	return start(1, ops, COUNT(ops)) && run_to_end(&built, 0) && destroy(&built);
}

void test_cycles(void)
{
	bool right = true;

	begin("cycles");
	for (unsigned i = 0; i < CYCLES && right; i++)
		right = cycle();
	ok(right, "%u domains come and go", CYCLES);
}

/* Ticks of the fastest of so many; 0: one failed. */
static uint64_t fastest(unsigned count)
{
	uint64_t best = ~0ul;

	for (unsigned i = 0; i < count; i++) {
		const uint64_t since = rdtsc();

		if (!cycle())
			return 0;
		const uint64_t ticks = rdtsc() - since;

		best = ticks < best ? ticks : best;
	}
	return best;
}

/* Each page but those of the records becomes a domain, or its table, once: all are free, and found zero. */
static bool is_whole(uint64_t pages)
{
	for (uint64_t page = first; page + 1 < pages; page += 2) {
		built = (struct built){.page = page, .next = page + 2, .run = {built.run[0], built.run[1]}};
		if (!create(&built) || !destroy(&built))
			return false;
	}
	return true;
}

void test_many_cycles(uint64_t pages)
{
	const struct hv_stats stats = stats_read();

	begin("cycles");
	data("sizes", (const uint64_t[]){stats.region_bytes, stats.pool_bytes}, 2 * sizeof(uint64_t));
	const uint64_t early = fastest(SAMPLE);
	const uint64_t middle = early != 0 ? fastest(MANY_CYCLES - 2 * SAMPLE) : 0;
	const uint64_t late = middle != 0 ? fastest(SAMPLE) : 0;

	ok(late != 0, "%u domains come and go", MANY_CYCLES);
	diag("the fastest of the first %u: %lu ticks, of the last: %lu", SAMPLE, (unsigned long)early,
	     (unsigned long)late);
	ok(late * 10 <= early * TENTHS, "the last ones are no slower");
	ok(is_whole(pages), "every page is free");
	forget();
	let_look();
}
