/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/domain/memory.c, what is added to a domain by HC_TABLE_ADD and HC_PAGE_ADD: as domain_memory.h says. Nothing is
 * measured but pages that are added while the domain is built, after they were copied once. Nothing is freed, and no
 * CPU is waited for. Assumed: no level above the top table's for HC_TABLE_ADD; a pool at one address.
 */
#include "domain_memory.h"

#include "domain/measure.h"
#include "lib/wipe.h"

static bool measured_page, measured_contents;

void secure_wipe_through(void *of, size_t bytes)
{
	PROVE(false);
}

void cpu_kick(struct cpu *cpu)
{
	PROVE(false);
}

/* Once, into a page that is the domain's by now. */
void window_read(const struct paging *paging, uint32_t cpu, paddr_t address, void *buffer, uint32_t bytes)
{
	PROVE(!copied && td.info.state == DOMAIN_BUILDING && ram[0] && address.value == ram_address && bytes == 4096);
	PROVE(open[WINDOW_TARGET] && target == arguments.rdx && buffer == target_window);
	for (uint32_t i = 0; i < ENTRIES; i++)
		target_window[i] = source[i];
	copied = true;
}

void measure_page(struct sha384 *mrtd, gpa_t address)
{
	PROVE(mrtd == &td.mrtd_hash && td.info.state == DOMAIN_BUILDING && copied && !measured_page);
	PROVE(address.value == (arguments.rsi & ~1ull));
	measured_page = true;
}

void measure_contents(struct sha384 *mrtd, gpa_t address, const void *contents)
{
	PROVE(mrtd == &td.mrtd_hash && measured_page && !measured_contents && (arguments.rsi & 1) != 0);
	PROVE(address.value == (arguments.rsi & ~1ull) && open[WINDOW_TARGET] && contents == target_window);
	PROVE(target_window[0] == source[0] && target_window[1] == source[1]);
	measured_contents = true;
}

/* By the level: a division by a number that is not fixed takes CBMC long. */
static int64_t table_add(uint64_t level)
{
	set_up(POOL);
	arguments.rsi = (arguments.rsi & ~4095ull) | level;
	const uint32_t half = (arguments.rsi & HALF) != 0;
	const int64_t result = call(HC_TABLE_ADD, &arguments);

	if (result == 0)
		path[half][level] = (uint32_t)arguments.rdx;
	check();
	PROVE(!copied && !measured_page && !measured_contents);
	REACHABLE(result == 0 && half == 0);
	REACHABLE(result == 0 && half != 0);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_ARGUMENT);
	REACHABLE(result == HC_E_PAGE);
	REACHABLE(result == HC_E_MAPPING);
	return result;
}

/* For leaves of 4 KiB: in parts of 2 MiB that are one leaf, or for nothing yet. */
void prove_memory_table_add_4kib(void)
{
	const int64_t result = table_add(DOMAIN_LEVEL_4KIB);

	REACHABLE(result == 0 && place[1].state == GHOST_ACCEPTED && path[0][0] == arguments.rdx);
	REACHABLE(result == HC_E_MAPPING && place[0].shared != 0);
	REACHABLE(result == HC_E_BUSY && !locked);
}

void prove_memory_table_add_2mib(void)
{
	(void)table_add(DOMAIN_LEVEL_2MIB);
}

void prove_memory_table_add_1gib(void)
{
	(void)table_add(DOMAIN_LEVEL_1GIB);
}

/* There is one top table. */
void prove_memory_table_add_top(void)
{
	set_up(POOL);
	arguments.rsi = (arguments.rsi & ~4095ull) | DOMAIN_LEVEL_TOP;
	const int64_t result = memory_call(HC_TABLE_ADD);

	PROVE(result < 0 && !copied && !measured_page && !measured_contents);
	REACHABLE(result == HC_E_ARGUMENT && arguments.rcx == 0);
}

void prove_memory_page_add(void)
{
	set_up(POOL);
	const int64_t result = memory_call_with_ram(HC_PAGE_ADD, arguments.rcx, false);

	PROVE((result == 0) == copied && copied == measured_page);
	PROVE(measured_contents == (measured_page && (arguments.rsi & 1) != 0));
	REACHABLE(measured_contents);
	REACHABLE(result == 0 && !measured_contents);
	REACHABLE(result == HC_E_STATE);
	REACHABLE(result == HC_E_ARGUMENT);
	REACHABLE(result == HC_E_BUFFER);
	REACHABLE(result == HC_E_PAGE);
	REACHABLE(result == HC_E_MAPPING);
}
