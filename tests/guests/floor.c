/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The platform's floor (docs/floor.md): root writes to each register that places sleep, reset or memory, and then sleeps where the
 * register would be. Functions that route memory are tried on every bus. "floor-random" writes random values to the
 * configuration of every function. The key must stay where it is, and the machine must go on.
 */
#include "hyper.h"
#include "machine.h"
#include "paging.h"
#include "tap.h"
#include "x86.h"

#include <cloister/statement.h>
#include <stddef.h>

#define CONFIG_ADDRESS 0xcf8u
#define CONFIG_DATA    0xcfcu
#define CONFIG_ENABLE  (1u << 31)
#define CONFIG_CLASS   0x08u
#define CONFIG_HEADER  0x0cu
#define CONFIG_BUSES   0x18u

#define AT(bus, device, function) ((uint32_t)((bus) << 8 | (device) << 3 | (function)))

#define PM1_SLEEP_S3 (1u << 13 | 1u << 10) /* of QEMU and Bochs */
#define NEW_BASE     0x2000u

/* ICH9 data sheet, 13.1 and 13.8; PIIX4 data sheet, 7.1. The first is the base of the ACPI block. */
static const struct chipset {
	uint32_t id, function;
	uint8_t registers[6];
} chipsets[] = {
	{0x29188086, AT(0, 0x1f, 0), {0x40, 0x44, 0xa0, 0xac, 0xd8, 0xf0}},
	{0x71138086, AT(0, 1, 3), {0x40, 0x58, 0x60, 0x80, 0x90, 0xd0}},
};

static uint32_t config_read(uint32_t function, uint32_t at)
{
	outl(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | at);
	return inl(CONFIG_DATA);
}

static void config_write(uint32_t function, uint32_t at, uint32_t value)
{
	outl(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | at);
	outl(CONFIG_DATA, value);
}

static bool has_key(void)
{
	uint8_t *page = page_get();

	return hypercall(&(struct hypercall){HC_SIGN, (uint64_t)page, (uint64_t)page + 1024, 0, 0}) == 0;
}

static bool keeps(uint32_t function, uint32_t at)
{
	const uint32_t before = config_read(function, at);

	config_write(function, at, ~before);
	for (uint32_t i = 0; i < 4; i++) {
		outl(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | at);
		outb((uint16_t)(CONFIG_DATA + i), (uint8_t)(~before >> 8 * i));
	}
	return config_read(function, at) == before;
}

/* The ACPI block at a port of root's choice, and S3 there: the machine would be suspended, with the key in memory. */
static void sleep_elsewhere(const struct chipset *chipset)
{
	config_write(chipset->function, chipset->registers[0], NEW_BASE | 1);
	config_write(chipset->function, 0x80, 1); /* PIIX4: on */
	config_write(chipset->function, 0x44, 0x80);
	outw(NEW_BASE + 4, PM1_SLEEP_S3);
	ok(has_key(), "the machine does not sleep at a port of the guest's choice");
}

static void test_chipset(void)
{
	for (size_t i = 0; i < sizeof(chipsets) / sizeof(chipsets[0]); i++) {
		const struct chipset *const chipset = &chipsets[i];

		if (config_read(chipset->function, 0) != chipset->id)
			continue;
		begin("registers that place sleep and reset");
		bool all = true;
		for (size_t k = 0; k < sizeof(chipset->registers); k++) {
			const bool kept = keeps(chipset->function, chipset->registers[k]);

			if (!kept)
				diag("register %x of %x has changed", chipset->registers[k], chipset->function);
			all = all && kept;
		}
		ok(all, "each register that places sleep and reset keeps its value");
		sleep_elsewhere(chipset);
		return;
	}
	ok(false, "the chipset is one that the test knows");
}

/* Calls @look for each function of all buses. */
static void each_function(void (*look)(uint32_t function))
{
	for (uint32_t first = 0; first < 0x10000; first += 8) {
		if (config_read(first, 0) == ~0u)
			continue;
		const uint32_t count = config_read(first, CONFIG_HEADER) >> 16 & 0x80 ? 8 : 1;

		for (uint32_t function = first; function < first + count; function++) {
			if (config_read(function, 0) != ~0u)
				look(function);
		}
	}
}

static uint32_t routers, routers_elsewhere, written;

static void try_router(uint32_t function)
{
	const uint32_t class = config_read(function, CONFIG_CLASS) >> 16;

	if (class != 0x600 && class != 0x806)
		return;
	routers++;
	routers_elsewhere += function >= 0x100;
	for (uint32_t at = 0x40; at < 0x100; at += 0x20) {
		if (!keeps(function, at))
			written++;
	}
	if (!keeps(function, 4))
		written++;
}

static uint32_t bridge_of_router;

static void find_bridge(uint32_t function)
{
	if ((config_read(function, CONFIG_HEADER) >> 16 & 0x7f) != 1)
		return;
	const uint32_t bus = config_read(function, CONFIG_BUSES) >> 8 & 0xff;

	if (bus != 0 && config_read(bus << 8, CONFIG_CLASS) >> 16 == 0x600)
		bridge_of_router = function;
}

static void test_routers(void)
{
	begin("functions that route memory");
	each_function(try_router);
	diag("%u functions, %u of them not on bus 0", routers, routers_elsewhere);
	ok(routers != 0 && written == 0, "functions that route memory keep their registers, on every bus");
	each_function(find_bridge);
	if (program_argument[0] != 'b')
		return;
	ok(routers_elsewhere >= 2, "some of them are on other buses");
	ok(bridge_of_router != 0 && keeps(bridge_of_router, CONFIG_BUSES),
	   "the bridge above one keeps its bus numbers");
}

static uint32_t state = 0x9e3779b9;

static uint32_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	return state ^= state << 5;
}

static void scramble(uint32_t function)
{
	for (uint32_t i = 0; i < 40; i++)
		config_write(function, next_random() & 0xfc, next_random());
}

static void test_random(void)
{
	begin("random writes to every function");
	each_function(scramble);
	ok(has_key(), "the key is there after random writes to every function's configuration");
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
	test_chipset();
	test_routers();
	if (program_argument[0] == 'r')
		test_random();
}
