/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/memory.c, what changes while a domain runs, by HC_PAGE_AUG, HC_PAGE_REMOVE, HC_SHARED_MAP and HC_SHARED_UNMAP: as
 * domain_memory.h and domain_memory_running.h say.
 * Assumed: a pool at one address, for HC_PAGE_REMOVE and for HC_PAGE_AUG of 2 MiB also a page higher. The guest's
 * requests are in domain_memory_guest.c.
 */
#include "domain_memory_running.h"

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
