/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The platform's floor (docs/floor.md): root writes to each register that places sleep, reset or memory, in each
 * way, and then sleeps where the register would be. Functions that route memory are tried on every bus, also after
 * root has changed the numbers of buses. "floor-mchbar" has registers in memory; "floor-random" is the random attack
 * (floor/random.h). The key must stay where it is, and the machine must go on.
 */
#include "floor/random.h"
#include "floor/registers.h"
#include "hyper.h"
#include "machine.h"
#include "paging.h"
#include "pci.h"
#include "tap.h"

#include <cloister/statement.h>

static bool has_key(void)
{
	uint8_t *page = page_get();

	return hypercall(&(struct hypercall){HC_SIGN, (uint64_t)page, (uint64_t)page + 1024, 0, 0}) == 0;
}

static bool argument_has(const char *word)
{
	for (const char *at = program_argument; *at; at++) {
		unsigned int n = 0;

		while (word[n] && at[n] == word[n])
			n++;
		if (!word[n])
			return true;
	}
	return false;
}

/* The number after the first, second ... '-' of the argument, or 0. */
static uint32_t argument_number(unsigned int index, uint32_t base)
{
	const char *at = program_argument;
	uint32_t value = 0;

	for (; *at && index; at++)
		index -= *at == '-';
	for (; *at && *at != '-'; at++)
		value = value * base + (uint32_t)(*at - (*at > '9' ? 'a' - 10 : '0'));
	return value;
}

#define MAX_ROUTERS 16u

static uint32_t routers[MAX_ROUTERS], router_count, units, written, moved;

static void find_router(uint32_t function)
{
	if (!routes_memory(function) || router_count == MAX_ROUTERS)
		return;
	routers[router_count++] = function;
	units += config_read(function, CONFIG_CLASS) >> 16 == CLASS_IOMMU;
	written += !function_keeps(function);
}

static void test_routers(void)
{
	begin("functions that route memory");
	config_each(find_router);
	diag("%u functions, the last %x", router_count, routers[router_count - 1]);
	ok(router_count >= 2 && written == 0, "functions that route memory keep all registers, on every bus");
	if (argument_has("amdvi"))
		ok(units == 1, "one of them is the remapping unit");
}

static void try_router(uint32_t function)
{
	bool known = false;

	if (!routes_memory(function))
		return;
	for (uint32_t i = 0; i < router_count; i++)
		known = known || routers[i] == function;
	moved += !known;
	written += !register_keeps(function, CONFIG_COMMAND) || !register_keeps(function, 0x40) ||
		   !register_keeps(function, 0x60);
}

#define MAX_BRIDGES    16u
#define BRIDGE_CONTROL 0x3cu
#define BUS_RESET      (1u << 22)

static uint32_t bridges[MAX_BRIDGES], bridge_count;

static void find_bridge(uint32_t function)
{
	if ((config_read(function, CONFIG_HEADER) >> 16 & 0x7f) == HEADER_BRIDGE && bridge_count < MAX_BRIDGES)
		bridges[bridge_count++] = function;
}

/*
 * Gives the buses below the bridge other numbers, then looks for functions that route memory on all buses, and tries
 * them.
 */
static void renumber(uint32_t bridge, uint32_t first, uint32_t last)
{
	const uint32_t before = config_read(bridge, CONFIG_BUSES), control = config_read(bridge, BRIDGE_CONTROL);

	config_write(bridge, CONFIG_BUSES, (before & 0xff0000ff) | first << 8 | last << 16);
	config_write(bridge, BRIDGE_CONTROL, control | BUS_RESET);
	config_write(bridge, BRIDGE_CONTROL, control);
	diag("bridge %x: buses %x", bridge, config_read(bridge, CONFIG_BUSES));
	config_each(try_router);
	config_write(bridge, CONFIG_BUSES, before);
}

/* A bridge above functions that route memory keeps its numbers; another one may have any, those of others included. */
static void test_buses(void)
{
	begin("numbers of buses");
	ok(router_count >= 4 && routers[router_count - 1] >= FUNCTION(1, 0, 0), "some are on other buses");
	config_each(find_bridge);
	ok(bridge_count >= 3, "there are bridges, one of them with nothing below it that routes memory");
	for (uint32_t i = 0; i < bridge_count; i++) {
		renumber(bridges[i], 0x90, 0x9f);
		renumber(bridges[i], 0x01, 0xff);
	}
	ok(moved == 0 && written == 0, "whatever numbers root gives to buses, nothing that routes memory has another "
				       "place or takes a write");
}

static const struct hk_statement *statement(void)
{
	void *page = page_get();

	(void)hypercall(&(struct hypercall){HC_READ, HV_OBJECT_STATEMENT, 0, (uint64_t)page, PAGE_BYTES});
	return page;
}

void test_main(void)
{
	ok(hypervisor_present() && has_key(), "the hypervisor has its key");
	ok((statement()->flags & HK_FLAG_FLOOR_CLOSED) != 0 && (statement()->flags & HK_FLAG_SLEEP_UNWATCHED) == 0,
	   "the statement says that the platform's floor is known and closed");
	data("statement", statement(), sizeof(struct hk_statement));
	if (argument_has("random"))
		random_attack(argument_number(1, 10), argument_number(2, 16));
	registers_test_named();
	registers_test_sleep();
	test_routers();
	if (argument_has("buses"))
		test_buses();
	if (argument_has("mchbar"))
		registers_test_memory();
	ok(has_key(), "the key is there after all attacks");
}
