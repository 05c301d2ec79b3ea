/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attacks on single registers: by ports of each width, across ports, and by stores to configuration space in memory. */
#include "registers.h"

#include <stddef.h>

#include "hyper.h"
#include "paging.h"
#include "pci.h"
#include "tap.h"
#include "trap.h"
#include "x86.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PORT_REGISTERS 0x100u  /* bytes of a function that the ports reach */
#define ALL_REGISTERS  0x1000u /* and memory */

bool routes_memory(uint32_t function)
{
	const uint32_t class = config_read(function, CONFIG_CLASS) >> 16;

	return class == CLASS_HOST_BRIDGE || class == CLASS_IOMMU || class == CLASS_ISA_BRIDGE;
}

static void select(uint32_t function, uint32_t at)
{
	outl(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | (at & 0xfc));
}

static void by_bytes(uint32_t function, uint32_t at, uint32_t value)
{
	for (uint32_t i = 0; i < 4; i++) {
		select(function, at);
		outb((uint16_t)(CONFIG_DATA + i), (uint8_t)(value >> 8 * i));
	}
}

static void by_words(uint32_t function, uint32_t at, uint32_t value)
{
	for (uint32_t i = 0; i < 4; i += 2) {
		select(function, at);
		outw((uint16_t)(CONFIG_DATA + i), (uint16_t)(value >> 8 * i));
	}
}

/* Begins in the address port and ends in the data port: the address is written, too. */
static void across_ports(uint32_t function, uint32_t at, uint32_t value)
{
	select(function, at);
	outl(CONFIG_DATA - 2, value << 16 | (CONFIG_ENABLE | function << 8) >> 16);
}

FORM(store_32, "movl %eax, (%rdi)");
FORM(store_8, "movb %al, (%rdi)");
FORM(store_64, "movq %rax, (%rdi)");

static void store(const void *form, uint64_t address, uint64_t value)
{
	const struct outcome o = attempt(form, &(struct gprs){.rdi = address, .rax = value});

	if (!completed(&o))
		ok(false, "a store to %lx of the platform's floor goes nowhere", address);
}

static void by_memory(uint32_t function, uint32_t at, uint32_t value)
{
	const uint64_t address = config_page(function) + at;

	store(store_32, address, value);
	for (uint32_t i = 0; i < 4; i++)
		store(store_8, address + i, value >> 8 * i);
	if (at % 8 == 0)
		store(store_64, address, value | (uint64_t)value << 32);
}

static const struct way {
	const char *name;
	void (*write)(uint32_t function, uint32_t at, uint32_t value);
} ways[] = {
	{"32 bits by ports", config_write},         {"16 bits by ports", by_words},  {"8 bits by ports", by_bytes},
	{"32 bits across the ports", across_ports}, {"stores to memory", by_memory}, /* the last: not on each machine */
};

static uint32_t read_register(uint32_t function, uint32_t at)
{
	return config_page(function) ? *(volatile uint32_t *)(config_page(function) + at) : config_read(function, at);
}

static uint32_t way_count(uint32_t function)
{
	return config_page(function) ? COUNT(ways) : COUNT(ways) - 1;
}

bool register_keeps(uint32_t function, uint32_t at)
{
	const uint32_t before = read_register(function, at);

	for (uint32_t i = at < PORT_REGISTERS ? 0 : COUNT(ways) - 1; i < way_count(function); i++) {
		ways[i].write(function, at, ~before);
		if (read_register(function, at) == before)
			continue;
		diag("function %x, register %x: %x has become %x by %s", function, at, before,
		     read_register(function, at), ways[i].name);
		return false;
	}
	return true;
}

bool function_keeps(uint32_t function)
{
	const uint32_t end = config_page(function) ? ALL_REGISTERS : PORT_REGISTERS;
	bool all = true;

	for (uint32_t at = 0; at < end; at += 4)
		all = register_keeps(function, at) && all;
	return all;
}

#define HOST     FUNCTION(0, 0, 0)
#define LPC      FUNCTION(0, 0x1f, 0)
#define ISA      FUNCTION(0, 1, 0)
#define PM       FUNCTION(0, 1, 3)
#define Q35      0x29c08086u
#define ICH9     0x29188086u
#define I440FX   0x12378086u
#define PIIX3    0x70008086u
#define PIIX4_PM 0x71138086u

/* Intel 82Q35 data sheet, 5.1; ICH9, 13.1 and 13.8; 82441FX, 3.2; 82371AB (PIIX4), 4.1, 4.2 and 7.1. */
static const struct place {
	uint32_t id, function, at;
	const char *name;
} places[] = {
	{Q35, HOST, 0x40, "PXPEPBAR"},
	{Q35, HOST, 0x48, "MCHBAR"},
	{Q35, HOST, 0x4c, "MCHBAR, upper half"},
	{Q35, HOST, 0x54, "DEVEN"},
	{Q35, HOST, 0x60, "PCIEXBAR"},
	{Q35, HOST, 0x64, "PCIEXBAR, upper half"},
	{Q35, HOST, 0x68, "DMIBAR"},
	{Q35, HOST, 0x90, "PAM0 to PAM3"},
	{Q35, HOST, 0x94, "PAM4 to PAM6, LAC"},
	{Q35, HOST, 0x98, "REMAPBASE, REMAPLIMIT"},
	{Q35, HOST, 0x9c, "SMRAM, ESMRAMC"},
	{Q35, HOST, 0xa0, "TOM, TOUUD"},
	{Q35, HOST, 0xac, "TSEGMB"},
	{Q35, HOST, 0xb0, "TOLUD"},
	{ICH9, LPC, 0x40, "PMBASE"},
	{ICH9, LPC, 0x44, "ACPI_CNTL"},
	{ICH9, LPC, 0x48, "GPIOBASE"},
	{ICH9, LPC, 0x80, "LPC_I/O_DEC, LPC_EN"},
	{ICH9, LPC, 0xa0, "GEN_PMCON"},
	{ICH9, LPC, 0xac, "ETR3"},
	{ICH9, LPC, 0xd8, "FWH_DEC_EN1"},
	{ICH9, LPC, 0xf0, "RCBA"},
	{I440FX, HOST, 0x50, "PMCCFG"},
	{I440FX, HOST, 0x58, "PAM0 to PAM2"},
	{I440FX, HOST, 0x5c, "PAM3 to PAM6"},
	{I440FX, HOST, 0x60, "DRB"},
	{I440FX, HOST, 0x70, "SMRAM"},
	{PIIX3, ISA, 0x4c, "IORT, XBCS"},
	{PIIX3, ISA, 0x60, "PIRQRC"},
	{PIIX3, ISA, 0x68, "TOM"},
	{PIIX4_PM, PM, 0x40, "PMBASE"},
	{PIIX4_PM, PM, 0x58, "DEVACTB"},
	{PIIX4_PM, PM, 0x80, "PMREGMISC"},
	{PIIX4_PM, PM, 0x90, "SMBBA"},
	{PIIX4_PM, PM, 0xd0, "SMBHSTCFG"},
};

void registers_test_named(void)
{
	uint32_t tried = 0;

	begin("registers of the chipset");
	for (size_t i = 0; i < COUNT(places); i++) {
		const struct place *const place = &places[i];

		if (config_read(place->function, CONFIG_ID) != place->id)
			continue;
		tried++;
		if (!register_keeps(place->function, place->at))
			ok(false, "%s keeps its value", place->name);
	}
	ok(tried > 8, "the chipset's registers that move memory, or place sleep and reset, keep their values");
	diag("%u registers", tried);
}

#define PM1_SLEEP_S3  (1u << 13 | 1u << 10) /* of QEMU and Bochs */
#define PM1_CONTROL   4u
#define NEW_BASE      0x2000u
#define ACPI_CNTL     0x44u
#define ACPI_ENABLE   0x80u
#define PIIX4_REGMISC 0x80u
#define PIIX4_PMIO_ON 1u
#define PMBASE        0x40u
#define PMBASE_IS_IO  1u

static bool has_key(void)
{
	uint8_t *page = page_get();

	return hypercall(&(struct hypercall){HC_SIGN, (uint64_t)page, (uint64_t)page + 1024, 0, 0}) == 0;
}

/* The machine would be suspended, with the key in memory. */
void registers_test_sleep(void)
{
	const uint32_t function = config_read(LPC, CONFIG_ID) == ICH9 ? LPC : PM;

	begin("sleep at a port of the guest's choice");
	for (size_t i = 0; i < way_count(function); i++) {
		ways[i].write(function, PMBASE, NEW_BASE | PMBASE_IS_IO);
		ways[i].write(function, ACPI_CNTL, ACPI_ENABLE);
		ways[i].write(function, PIIX4_REGMISC, PIIX4_PMIO_ON);
		outw(NEW_BASE + PM1_CONTROL, PM1_SLEEP_S3);
	}
	ok(has_key(), "the machine does not sleep at a port of the guest's choice");
}

#define MCHBAR        0x48u
#define MCHBAR_ENABLE 1u
#define MCHBAR_BYTES  0x4000u
#define EDU_LIVENESS  4u /* reads as the complement of the written value (docs/specs/edu.rst) */

void registers_test_memory(void)
{
	const uint64_t base = read_register(HOST, MCHBAR) & ~(PAGE_BYTES - 1);
	volatile uint32_t *const liveness = (volatile uint32_t *)(base + EDU_LIVENESS);
	const uint32_t before = *liveness;
	const uint64_t refused = stats_read().exits[HV_EXIT_STAGE2];

	begin("registers in memory");
	if (!ok((read_register(HOST, MCHBAR) & MCHBAR_ENABLE) != 0 && before != ~0u, "MCHBAR has registers"))
		return;
	store(store_32, (uint64_t)liveness, 0x12345678);
	ok(*liveness == before, "a store to MCHBAR's registers changes nothing");
	for (uint64_t at = 0; at < MCHBAR_BYTES; at += PAGE_BYTES)
		store(store_32, base + at + PAGE_BYTES - 4, 0);
	ok(stats_read().exits[HV_EXIT_STAGE2] == refused + 1 + MCHBAR_BYTES / PAGE_BYTES,
	   "stores to each of its pages are dropped");
	store(store_32, base + MCHBAR_BYTES, 0);
	ok(stats_read().exits[HV_EXIT_STAGE2] == refused + 1 + MCHBAR_BYTES / PAGE_BYTES,
	   "a store to the page after them is not");
}
