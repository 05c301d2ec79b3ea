/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/memory.c, what a guest asks of its memory by TDG.MEM.PAGE.ACCEPT and MapGPA, domain_accept() and
 * domain_convert(): for every address, level and length the answer is the specification's, and so is what
 * domain_memory.h and domain_memory_running.h look at. Where an ACCEPT lacks a page, its address is told.
 * Assumed: the CPU has the domain, which is closed or stopped, and runs one of its vCPUs; addresses are of pages, those
 * of MapGPA below the shared bit, its length is of whole pages (vmcall.c proves that).
 */
#include "domain_memory_running.h"

static void set_up_guest(void)
{
	set_up(any_pool());
	ASSUME(locked && td.info.state != DOMAIN_BUILDING); /* by this CPU */
	locked = false;
}

static void check_guest(void)
{
	PROVE(!window_is_open());
	check_records(true);
	check();
	PROVE(td.removed_pages == td_before.removed_pages);
}

/* The page that is missing, or the place. */
static void check_missing(gpa_t address, gpa_t missing, uint64_t level)
{
	const bool second = missing.value != address.value;

	PROVE(!second || (level == 1 && missing.value == address.value + SMALL && place[0].state >= GHOST_PENDING));
	PROVE(place_before[missing.value / SMALL % ENTRIES].state < GHOST_BLOCKED);
	REACHABLE(second);
}

void prove_memory_accept(void)
{
	const uint64_t level;

	set_up_guest();
	ASSUME(level <= 7);
	const gpa_t address = gpa(arguments.rsi & ~4095ull);
	const struct pool_view view = {&pool, m.paging, 0, m.cpus};
	gpa_t missing = address;
	const enum memory_answer answer = domain_accept(&view, &td, &missing, level);

	PROVE(answer == ghost_accept(&ghost, DOMAIN, address.value, level));
	check_guest();
	PROVE(!kicked && td.epoch == td_before.epoch);
	if (answer == MEMORY_NO_PAGE)
		check_missing(address, missing, level);
	REACHABLE(answer == MEMORY_DONE && level == 0 && place_before[1].state == GHOST_PENDING);
	REACHABLE(answer == MEMORY_DONE && level == 1 && path[0][0] == 0);
	REACHABLE(answer == MEMORY_DONE && level == 1 && path[0][0] != 0);
	REACHABLE(answer == MEMORY_REPEAT && level == 1);
	REACHABLE(answer == MEMORY_NO_PAGE && path[0][1] == 0);
	REACHABLE(answer == MEMORY_NO_TABLE);
	REACHABLE(answer == MEMORY_ALREADY);
	REACHABLE(answer == MEMORY_MIXED);
	REACHABLE(answer == MEMORY_INVALID && place[0].state == GHOST_RELEASED && level == 0);
}

static enum memory_answer convert(bool shared)
{
	uint64_t bytes, specified;

	set_up_guest();
	ASSUME(bytes != 0 && bytes % SMALL == 0);
	const gpa_t address = gpa(arguments.rsi & (HALF - SMALL));
	const struct pool_view view = {&pool, m.paging, 0, m.cpus};

	specified = bytes;
	const enum memory_answer answer = domain_convert(&view, &td, address, &bytes, shared);

	PROVE(answer == ghost_convert(&ghost, 0, DOMAIN, address.value, &specified, shared));
	PROVE(answer == MEMORY_INVALID || bytes == specified);
	check_guest();
	PROVE(answer != MEMORY_REPEAT || kicked);
	REACHABLE(answer == MEMORY_DONE && bytes == SMALL && td.epoch != td_before.epoch);
	REACHABLE(answer == MEMORY_DONE && bytes == LARGE && td.epoch != td_before.epoch);
	REACHABLE(answer == MEMORY_REPEAT && bytes == LARGE);
	REACHABLE(answer == MEMORY_NO_TABLE && path[0][1] != 0);
	REACHABLE(answer == MEMORY_INVALID);
	return answer;
}

/* A page there goes, once no CPU can use it. */
void prove_memory_convert_to_shared(void)
{
	const enum memory_answer answer = convert(true);

	REACHABLE(answer == MEMORY_DONE && place_before[0].state == GHOST_PENDING);
	REACHABLE(answer == MEMORY_DONE && place_before[0].state == GHOST_RELEASED);
	REACHABLE(answer == MEMORY_REPEAT && place_before[0].state == GHOST_ACCEPTED);
}

/* The root guest's goes, where it mapped 2 MiB as one, all of it; what is private already stays. */
void prove_memory_convert_to_private(void)
{
	const enum memory_answer answer = convert(false);

	REACHABLE(answer == MEMORY_DONE && place[0].state == GHOST_EMPTY && place_before[0].shared != 0);
	REACHABLE(answer == MEMORY_DONE && place[0].state == GHOST_ACCEPTED);
	REACHABLE(answer == MEMORY_REPEAT && place_before[0].state == GHOST_RELEASED);
}
