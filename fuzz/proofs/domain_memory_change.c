/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/memory.c, what changes while a domain runs, by HC_PAGE_AUG, HC_PAGE_REMOVE, HC_SHARED_MAP and HC_SHARED_UNMAP: as
 * domain_memory.h says. What became free was wiped, and only once no CPU can use it. Nothing is copied or measured.
 * Assumed: a pool at one address, for HC_PAGE_REMOVE and for HC_PAGE_AUG of 2 MiB also a page higher. The guest's
 * requests are not in here.
 */
#include "domain_memory.h"

#include "domain/measure.h"
#include "lib/wipe.h"

static bool kicked;

/* Of what the guest could use only what no CPU can use any more. */
void secure_wipe_through(void *of, size_t bytes)
{
	PROVE(open[WINDOW_TARGET] && of == target_window && bytes == 4096 && (records[target] & 7) == PAGE_PRIVATE);
	for (uint32_t i = 0; i < ENTRIES; i++) {
		const enum ghost_state state = place_before[i].state;
		const bool was_used =
			(place_before[i].page == target) & ((state == GHOST_ACCEPTED) | (state == GHOST_BLOCKED));

		for (uint32_t k = 0; k < DOMAIN_MAX_VCPUS; k++)
			PROVE(!was_used | (k >= td.info.vcpus) | (td.vcpu[k].runs_on != 2) |
			      (td.vcpu[k].epoch == td.epoch));
		target_window[i] = 0;
	}
	wiped[target] = true;
}

void cpu_kick(struct cpu *cpu)
{
	PROVE(cpu == &cpus[1]);
	kicked = true;
}

void window_read(const struct paging *paging, uint32_t cpu, paddr_t address, void *buffer, uint32_t bytes)
{
	PROVE(false);
}

void measure_page(struct sha384 *mrtd, gpa_t address)
{
	PROVE(false);
}

void measure_contents(struct sha384 *mrtd, gpa_t address, const void *contents)
{
	PROVE(false);
}

/* 2 MiB of pages begin at an even number, or at an odd one. */
static uint64_t any_pool(void)
{
	return any_bool() ? POOL : POOL + SMALL;
}

/* By the level, as HC_TABLE_ADD's proofs; what other levels get is in domain_calls.c. */
static int64_t page_aug(uint64_t level, uint64_t pool_base)
{
	set_up(pool_base);
	arguments.rsi = (arguments.rsi & ~4095ull) | level;
	const int64_t result = memory_call(HC_PAGE_AUG);

	PROVE(!kicked && td.epoch == td_before.epoch && td.removed_pages == td_before.removed_pages);
	REACHABLE(result == 0 && place[0].state == GHOST_ACCEPTED);
	REACHABLE(result == 0 && place[0].state == GHOST_PENDING && td.lazy);
	REACHABLE(result == 0 && !td.lazy);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_ARGUMENT);
	REACHABLE(result == HC_E_PAGE);
	REACHABLE(result == HC_E_MAPPING);
	return result;
}

void prove_memory_page_aug_4kib(void)
{
	const int64_t result = page_aug(DOMAIN_LEVEL_4KIB, POOL);

	REACHABLE(result == 0 && place[1].page == arguments.rdx && place_before[1].state == GHOST_EMPTY);
	REACHABLE(result == HC_E_MAPPING && place_before[0].state == GHOST_RELEASED);
}

/* All of its pages, or none. */
void prove_memory_page_aug_2mib(void)
{
	const int64_t result = page_aug(DOMAIN_LEVEL_2MIB, any_pool());

	PROVE(result != 0 || (place[0].page == arguments.rdx && place[1].page == arguments.rdx + 1));
	REACHABLE(result == HC_E_PAGE && wiped[arguments.rdx % PAGES]);
	REACHABLE(result == HC_E_MAPPING && path[0][0] != 0);
}

void prove_memory_page_remove(void)
{
	set_up(any_pool());
	const int64_t result = memory_call(HC_PAGE_REMOVE);

	PROVE(result != HC_E_BUSY || locked || kicked);
	PROVE(td.removed_pages == td_before.removed_pages + (result > 0 ? (uint64_t)result : 0));
	REACHABLE(result == 1);
	REACHABLE(result == 2 && place_before[0].state == GHOST_PENDING);
	REACHABLE(result == 2 && place_before[0].state == GHOST_BLOCKED);
	REACHABLE(result == HC_E_BUSY && place_before[0].state == GHOST_ACCEPTED);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_ARGUMENT);
	REACHABLE(result == HC_E_MAPPING);
}

void prove_memory_shared_map(void)
{
	set_up(POOL);
	ASSUME(arguments.rdx != 0 || !ram[0]); /* the specification says none by it */
	const int64_t result = memory_call_with_ram(HC_SHARED_MAP, arguments.rdx, (arguments.rsi & 4095) == 1);

	PROVE(!kicked);
	REACHABLE(result == 0 && (arguments.rsi & 1) != 0 && path[0][0] != 0);
	REACHABLE(result == 0 && (arguments.rsi & 1) == 0);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_ARGUMENT);
	REACHABLE(result == HC_E_BUFFER && ram[0]);
	REACHABLE(result == HC_E_MAPPING);
}

void prove_memory_shared_unmap(void)
{
	set_up(POOL);
	const int64_t result = memory_call(HC_SHARED_UNMAP);

	PROVE(result != HC_E_BUSY || locked || kicked);
	REACHABLE(result == 0 && place_before[1].shared != 0 && (arguments.rsi & 1) != 0);
	REACHABLE(result == HC_E_BUSY && kicked);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_ARGUMENT);
}
