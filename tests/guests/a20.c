/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Address line A20: no write to a port of the root guest, of any width, masks it. Masked, bit 20 of each address
 * that the CPU sends is 0, also of the hypervisor's own addresses and of its tables.
 */
#include "clock.h"
#include "hyper.h"
#include "machine.h"
#include "serial.h"
#include "tap.h"
#include "x86.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define BIT_20           0x100000ull
#define SYSTEM_CONTROL_A 0x92u
#define SYSTEM_A20       0x02u
#define KEYBOARD_COMMAND 0x64u

/* A word of free memory whose neighbour across bit 20 is free as well. */
static volatile uint64_t *free_word(void)
{
	for (uint32_t i = 0; i < memory_ranges; i++) {
		const uint64_t base = (memory_map[i].base + 2 * BIT_20 - 1) & ~(2 * BIT_20 - 1);

		if (memory_map[i].kind == MEMORY_FREE && base != 0 &&
		    base + 2 * BIT_20 <= memory_map[i].base + memory_map[i].bytes)
			return (volatile uint64_t *)base;
	}
	bail_out("no 2 MiB of free memory");
}

static bool masked(volatile uint64_t *word)
{
	volatile uint64_t *other = (volatile uint64_t *)((uint64_t)word ^ BIT_20);

	*word = 1;
	*other = 2;
	return *word != 1;
}

/* The keyboard controller of an emulator and of a chipset may take a while. */
static void settle(void)
{
	for (uint32_t i = 0; i < 1000 && (inb(KEYBOARD_COMMAND) & 2); i++)
		delay_us(10);
}

static const struct {
	const char *name;
	uint16_t port;
	unsigned int bytes;
	uint32_t value; /* bit 0 of port 0x92 and of a pulse command is the CPU's reset: never here */
} ways[] = {
	{"port 0x92, bit 1 clear", SYSTEM_CONTROL_A, 1, 0},
	{"16 bits at port 0x91", SYSTEM_CONTROL_A - 1, 2, 0},
	{"16 bits at port 0x92", SYSTEM_CONTROL_A, 2, 0},
	{"32 bits at port 0x8F", SYSTEM_CONTROL_A - 3, 4, 0},
	{"command 0xDD at port 0x64", KEYBOARD_COMMAND, 1, 0xdd},
	{"command 0xDF at port 0x64", KEYBOARD_COMMAND, 1, 0xdf},
	{"16 bits at port 0x64", KEYBOARD_COMMAND, 2, 0xddae},
	{"16 bits at port 0x63", KEYBOARD_COMMAND - 1, 2, 0xdd00},
	{"16 bits at port 0xCF9, whose second byte resets", 0xcf9, 2, 0x0600},
	{"a pulse of line 1 at port 0x64", KEYBOARD_COMMAND, 1, 0xfd},
	{"a pulse of lines 1 to 3 at port 0x64", KEYBOARD_COMMAND, 1, 0xf1},
};

FORM(form_outb, "outb %al, %dx");
FORM(form_outw, "outw %ax, %dx");
FORM(form_outl, "outl %eax, %dx");

void test_main(void)
{
	volatile uint64_t *word = free_word();

	ok(!masked(word), "A20 is on");
	for (uint32_t i = 0; i < COUNT(ways); i++) {
		begin(ways[i].name);
		drain();
		struct gprs r = {.rdx = ways[i].port, .rax = ways[i].value};
		const void *const form = ways[i].bytes == 1 ? form_outb : ways[i].bytes == 2 ? form_outw : form_outl;
		const struct outcome o = attempt(form, &r);

		ok(ways[i].bytes == 1 ? completed(&o) : faulted(&o, VEC_GP, 0, form), "%s: %s", ways[i].name,
		   ways[i].bytes == 1 ? "goes on" : "is refused");
		settle();
		ok(!masked(word), "%s: A20 stays on", ways[i].name);
	}
	ok(inb(SYSTEM_CONTROL_A) & SYSTEM_A20, "port 0x92 reads with bit 1 set");
	begin("the hypervisor goes on");
	ok(hypervisor_present() && stats_read().cpus_parked == 0, "the hypervisor goes on, no CPU is stopped");
}
