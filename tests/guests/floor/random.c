/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The random attack. The runner judges the effect of a value, from memory. */
#include "random.h"

#include <stdbool.h>
#include <stddef.h>

#include "acpi.h"
#include "clock.h"
#include "hyper.h"
#include "machine.h"
#include "paging.h"
#include "pci.h"
#include "registers.h"
#include "serial.h"
#include "tap.h"
#include "trap.h"
#include "x86.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MAX_FUNCTIONS 64u
#define BATCH         1000u
#define LAST_WRITES   1000000u

#define PM1_SLEEP_ENABLE   0x20u /* in the upper byte */
#define SYSTEM_CONTROL_A   0x92u
#define KEYBOARD_COMMAND   0x64u
#define RESET_CONTROL      0xcf9u
#define RESET_CONTROL_HARD 6u

/*
 * Of the chipset, not of a UART or of a device of the emulator's. The last becomes the ACPI block. Without the
 * interval timer: its interrupts at 1 MHz leave the emulator no time for anything else.
 */
static struct span {
	uint16_t first, last;
} spans[] = {
	{0x00, 0x1f}, {0x20, 0x21},   {0x60, 0x64},   {0x70, 0x77},   {0x80, 0x9f},   {0xa0, 0xa1},   {0xb2, 0xb3},
	{0xc0, 0xdf}, {0x4d0, 0x4d1}, {0xcd0, 0xcd7}, {0xcf8, 0xcff}, {0xcf8, 0xcff}, {0x000, 0x000},
};

static uint32_t functions[MAX_FUNCTIONS], function_count;
static uint32_t state;
static uint64_t config_writes, port_writes;

static uint32_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	return state ^= state << 5;
}

static uint32_t below(uint32_t limit)
{
	return next_random() % limit;
}

static void note_function(uint32_t function)
{
	if (function_count < MAX_FUNCTIONS)
		functions[function_count++] = function;
}

FORM(store_32, "movl %eax, (%rdi)");
FORM(store_8, "movb %al, (%rdi)");

/* A function that is there seven times of eight, else any number. */
static void write_config(void)
{
	const uint32_t function = below(8) ? functions[below(function_count)] : below(0x10000);
	const uint64_t page = config_page(function);

	config_writes++;
	if (page && below(2)) {
		struct gprs r = {.rdi = page + below(PAGE_BYTES / 4) * 4, .rax = next_random()};

		(void)attempt(below(4) ? store_32 : store_8, &r);
		return;
	}
	outl(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | (next_random() & 0xfc));
	if (below(4))
		outl(CONFIG_DATA, next_random());
	else
		outb((uint16_t)(CONFIG_DATA + below(4)), (uint8_t)next_random());
}

/* The byte without bits that reset the machine or put it to sleep, as the chipsets' data sheets and ACPI have it. */
static uint8_t tamed(uint16_t port, uint8_t byte)
{
	const struct acpi_fadt *const fadt = acpi_fadt();

	if (port == (uint16_t)(fadt->pm1a_control + 1))
		return byte & (uint8_t)~PM1_SLEEP_ENABLE;
	if (port == SYSTEM_CONTROL_A)
		return byte & (uint8_t)~1u;
	if (port == KEYBOARD_COMMAND)
		return byte | 1u;
	if (port == RESET_CONTROL)
		return byte & (uint8_t)~4u;
	return port == fadt->reset.address && byte == fadt->reset_value ? byte ^ 1 : byte;
}

FORM(out_8, "outb %al, %dx");
FORM(out_16, "outw %ax, %dx");
FORM(out_32, "outl %eax, %dx");

static void write_port(bool tame)
{
	static const void *const forms[] = {out_8, out_16, out_32};
	const struct span *const span = &spans[below(COUNT(spans))];
	const uint16_t port = (uint16_t)(span->first + below(span->last - span->first + 1u));
	const uint32_t width = below(4) ? 0 : below(3);
	uint32_t value = next_random();

	for (uint32_t i = 0; tame && i < 1u << width; i++) {
		const uint32_t shift = 8 * i;

		value = (value & ~(0xffu << shift)) | (uint32_t)tamed((uint16_t)(port + i), (uint8_t)(value >> shift))
							      << shift;
	}
	port_writes++;
	(void)attempt(forms[width], &(struct gprs){.rdx = port, .rax = value}); /* a refusal is #GP */
}

static void batch(bool tame)
{
	for (uint32_t i = 0; i < BATCH; i++) {
		if (below(2))
			write_config();
		else
			write_port(tame);
	}
}

#define SMM_CODE  0x38000u /* where SMM begins before a firmware moves it (SDM volume 3, 33.4) */
#define SMM_BASE  0x30000u
#define SMM_BYTES 0x10000u

/* The bed's firmware has no SMM and leaves it there: an SMI runs the code in this memory. So: RSM. */
static void answer_smis(void)
{
	for (uint32_t i = 0; i < memory_ranges; i++) {
		const struct memory_range *const range = &memory_map[i];

		if (range->kind == MEMORY_FREE && range->base <= SMM_BASE &&
		    range->base + range->bytes >= SMM_BASE + SMM_BYTES) {
			*(volatile uint16_t *)SMM_CODE = 0xaa0f;
			return;
		}
	}
	bail_out("the memory at %x is not free", SMM_BASE);
}

/* FNV-1a over the configuration of functions that route memory. */
static uint64_t routing(void)
{
	uint64_t hash = 0xcbf29ce484222325;

	for (uint32_t i = 0; i < function_count; i++) {
		for (uint32_t at = 0; routes_memory(functions[i]) && at < 0x100; at += 4)
			hash = (hash ^ config_read(functions[i], at)) * 0x100000001b3;
	}
	return hash;
}

_Noreturn void random_attack(uint32_t seconds, uint32_t seed)
{
	spans[COUNT(spans) - 1] =
		(struct span){(uint16_t)acpi_fadt()->pm1a_event, (uint16_t)(acpi_fadt()->pm1a_event + 0x7f)};
	state = seed ? seed : (uint32_t)clock_us() | 1;
	config_each(note_function);
	answer_smis();
	begin("random writes to every function and to the chipset's ports");
	diag("seed %x, %u s, %u functions", state, seconds, function_count);
	let_look();
	const uint64_t before = routing();
	const uint64_t end = clock_us() + seconds * 1000000ull;

	while (clock_us() < end)
		batch(true);
	diag("%lu writes to configuration space, %lu to ports", config_writes, port_writes);
	ok(routing() == before, "what routes memory has all registers as before");
	ok(hypervisor_present(), "the hypervisor goes on after random writes");
	let_look();
	begin("random writes that may end the machine");
	drain();
	for (uint32_t i = 0; i < LAST_WRITES / BATCH; i++)
		batch(false);
	outb(RESET_CONTROL, RESET_CONTROL_HARD);
	bail_out("the machine goes on");
}
