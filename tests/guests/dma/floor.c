/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The platform's floor: registers of the host bridge that move or alias memory cannot be written, by ports or by
 * memory.
 */
#include "floor.h"

#include <stddef.h>

#include "edu.h"
#include "hyper.h"
#include "paging.h"
#include "tap.h"
#include "x86.h"

/* q35 (Intel 82Q35, 5.1): registers that move or alias memory. */
#define Q35_PCIEXBAR 0x60u
#define Q35_PAM0     0x90u
#define Q35_SMRAM    0x9cu

FORM(load_register, "movl (%rdi), %eax");
FORM(store_register, "movl %eax, (%rdi)");

/* The registers of the host bridge read as before, whatever is written. */
static bool unchanged_by_port(uint32_t at, uint32_t value)
{
	const uint32_t before = config_read(0, at);

	config_write(0, at, value);
	for (uint32_t i = 0; i < 4; i++) {
		outl(CONFIG_ADDRESS, CONFIG_ENABLE | at);
		outb((uint16_t)(CONFIG_DATA + i), (uint8_t)(value >> 8 * i));
	}
	for (uint32_t i = 0; i < 4; i += 2) {
		outl(CONFIG_ADDRESS, CONFIG_ENABLE | at);
		outw((uint16_t)(CONFIG_DATA + i), (uint16_t)(value >> 8 * i));
	}
	return config_read(0, at) == before;
}

void floor_test_ports(uint32_t function)
{
	static const uint32_t registers[] = {CONFIG_COMMAND, 0x40,     0x48,         Q35_PCIEXBAR, Q35_PCIEXBAR + 4,
					     0x68,           Q35_PAM0, Q35_PAM0 + 4, Q35_SMRAM};

	begin("host bridge by ports");
	for (unsigned int i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		ok(unchanged_by_port(registers[i], ~config_read(0, registers[i])),
		   "host bridge register %x keeps its value", registers[i]);
	ok(config_read(0, CONFIG_ID) != ~0u, "the host bridge is still read");
	const uint32_t line = config_read(function, 0x3c);

	config_write(function, 0x3c, line ^ 0xff);
	ok(config_read(function, 0x3c) == (line ^ 0xff), "another function's register is written");
	config_write(function, 0x3c, line);
}

FORM(store_twice, "cld\n movl $2, %ecx\n rep stosl");
FORM(exchange, "xchgl %eax, (%rdi)");
FORM(store_and_flags, "movl %eax, (%rdi)\n pushfq\n popq %rax");
FORM(store_stepped, "pushfq\n orl $0x100, (%rsp)\n popfq\n movl %eax, (%rdi)\n nop\n"
		    "pushfq\n andl $~0x100, (%rsp)\n popfq");

static uint32_t read_32(uint64_t address)
{
	return *(volatile uint32_t *)address;
}

static volatile uint32_t traps;

static bool count_traps(struct frame *frame)
{
	traps += frame->vector == VEC_DB;
	return frame->vector == VEC_DB;
}

/* A store to a page of the host bridge, in the given form: it completes, and changes nothing. */
static void test_dropped(const char *name, const char *form, uint64_t address)
{
	const uint32_t before = read_32(address);
	const uint64_t refused = stats_read().exits[HV_EXIT_STAGE2];
	struct gprs r = {.rdi = address, .rax = ~before};
	const struct outcome o = attempt(form, &r);

	ok(completed(&o) && read_32(address) == before && stats_read().exits[HV_EXIT_STAGE2] > refused,
	   "a store to the host bridge's page is dropped and counted: %s", name);
}

static void test_dropped_stores(uint64_t address)
{
	struct gprs r = {.rdi = address};
	struct outcome o;

	test_dropped("MOV", store_register, address);
	test_dropped("REP STOS", store_twice, address);
	test_dropped("XCHG", exchange, address);
	o = attempt(store_and_flags, &r);
	ok(completed(&o) && !(r.rax & 0x100), "no trap flag is left after a dropped store");
	traps = 0;
	trap_set_hook(count_traps);
	o = attempt(store_stepped, &(struct gprs){.rdi = address});
	trap_set_hook(NULL);
	ok(completed(&o) && traps == 5, "single-stepping through a dropped store: %u traps of 5", traps);
}

void floor_test_memory(uint32_t function)
{
	const uint64_t ecam = config_page(0);
	const uint32_t id = config_read(0, CONFIG_ID);
	struct gprs r = {.rdi = ecam};
	struct outcome o;

	begin("host bridge by memory");
	if (!ok(ecam != 0, "there is a memory-mapped configuration space"))
		return;
	o = attempt(load_register, &r);
	ok(completed(&o) && (uint32_t)r.rax == id, "the host bridge's page is read");
	test_dropped_stores(ecam + Q35_PAM0);
	r = (struct gprs){.rdi = ecam + function * PAGE_BYTES};
	o = attempt(load_register, &r);
	ok(completed(&o) && (uint32_t)r.rax == EDU_ID, "another function's page is read");
}
