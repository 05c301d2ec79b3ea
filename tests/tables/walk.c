/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The loader's ACPI parsers over the tables of one machine after another. Standard input holds machines: a count, and
 * for each table its length and its bytes (all numbers 32 bits, of this computer). Standard output has for each table
 * that the loader reads 'NAME accepted: WHAT IT SAYS' or 'NAME refused: WHY', then a line for the machine as a whole,
 * then an empty one.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acpi.h"

#define TABLES_MAX ACPI_MAX_TABLES
#define RSDP       0x1000ull
#define XSDT       0x10000ull
#define FIRST      0x1000000ull /* of the tables, which lie where no pointer leads by chance */
#define APART      0x2000000ull /* more than the largest table */

struct table {
	uint64_t address;
	uint32_t bytes;
	const uint8_t *data;
};

/* A machine's physical memory. */
struct memory {
	uint32_t count;
	struct table table[TABLES_MAX + 2]; /* RSDP and XSDT are the last */
	uint8_t rsdp[36];
	uint8_t xsdt[36 + 8 * TABLES_MAX];
};

static uint8_t buffer[ACPI_MAX_TABLE_BYTES];

static bool read_memory(const void *context, uint64_t address, void *to, size_t bytes)
{
	const struct memory *const memory = context;

	for (uint32_t i = 0; i < memory->count; i++) {
		const struct table *const table = &memory->table[i];

		if (address >= table->address && address - table->address <= table->bytes &&
		    bytes <= table->bytes - (address - table->address)) {
			memcpy(to, table->data + (address - table->address), bytes);
			return true;
		}
	}
	return false;
}

static void put32(uint8_t *to, uint32_t value)
{
	memcpy(to, &value, sizeof(value));
}

static void put64(uint8_t *to, uint64_t value)
{
	memcpy(to, &value, sizeof(value));
}

static void mend_checksum(uint8_t *data, uint32_t bytes, uint32_t field)
{
	uint8_t sum = 0;

	data[field] = 0;
	for (uint32_t i = 0; i < bytes; i++)
		sum = (uint8_t)(sum + data[i]);
	data[field] = (uint8_t)(0u - sum);
}

static bool is(const struct table *table, const char *signature)
{
	return table->bytes >= 4 && !memcmp(table->data, signature, 4);
}

/* The DSDT is found by the FADT's pointer, all others by the XSDT. */
static uint64_t dsdt_address(const struct memory *memory)
{
	for (uint32_t i = 0; i < memory->count; i++) {
		const struct table *const fadt = &memory->table[i];
		uint64_t wide = 0;
		uint32_t narrow = 0;

		if (!is(fadt, "FACP"))
			continue;
		if (fadt->bytes >= 148)
			memcpy(&wide, fadt->data + 140, sizeof(wide));
		if (fadt->bytes >= 44)
			memcpy(&narrow, fadt->data + 40, sizeof(narrow));
		return wide ? wide : narrow;
	}
	return 0;
}

/* Puts the tables to their places, and RSDP and XSDT before them. */
static void lay_out(struct memory *memory)
{
	const uint64_t dsdt = dsdt_address(memory);
	uint32_t listed = 0;

	for (uint32_t i = 0; i < memory->count; i++) {
		struct table *const table = &memory->table[i];

		table->address = is(table, "DSDT") ? dsdt : FIRST + i * APART;
		if (!is(table, "DSDT"))
			put64(memory->xsdt + 36 + 8 * listed++, table->address);
	}
	memcpy(memory->xsdt, "XSDT", 4);
	put32(memory->xsdt + 4, 36 + 8 * listed);
	mend_checksum(memory->xsdt, 36 + 8 * listed, 9);
	memcpy(memory->rsdp, "RSD PTR ", 8);
	memory->rsdp[15] = 2;
	put32(memory->rsdp + 20, 36);
	put64(memory->rsdp + 24, XSDT);
	mend_checksum(memory->rsdp, 20, 8);
	mend_checksum(memory->rsdp, 36, 32);
	memory->table[memory->count++] = (struct table){RSDP, sizeof(memory->rsdp), memory->rsdp};
	memory->table[memory->count++] = (struct table){XSDT, 36 + 8 * listed, memory->xsdt};
}

static bool walk(struct memory *memory, struct acpi_info *info, struct failure *failure)
{
	const struct acpi_view view = {read_memory, memory, buffer};

	lay_out(memory);
	return acpi_walk(&view, RSDP, info, failure);
}

/* A MADT and a FADT that are accepted and say as little as can be. */
static uint8_t plain_madt[52], plain_fadt[116];

static void make_plain_tables(void)
{
	memcpy(plain_madt, "APIC", 4);
	put32(plain_madt + 4, sizeof(plain_madt));
	plain_madt[45] = 8; /* a local APIC of id 0 ... */
	plain_madt[48] = 1; /* ... that is enabled */
	mend_checksum(plain_madt, sizeof(plain_madt), 9);
	memcpy(plain_fadt, "FACP", 4);
	put32(plain_fadt + 4, sizeof(plain_fadt));
	mend_checksum(plain_fadt, sizeof(plain_fadt), 9);
}

static void say_madt(const struct acpi_info *info)
{
	uint32_t above = 0;

	for (uint32_t i = 0; i < info->cpu_count; i++)
		above += info->cpu_apic_id[i] > 255;
	printf("%u CPUs, %u with an APIC id above 255", info->cpu_count, above);
}

static void say_fadt(const struct acpi_info *info)
{
	printf("reset port %#x, value %#x; sleep ports %#x %#x %#x%s", info->reset_port, info->reset_value,
	       info->sleep_port[0], info->sleep_port[1], info->sleep_port[2],
	       info->sleep_unwatched || info->reset_unwatched ? "; a sleep or reset register is no I/O port" : "");
}

static void say_mcfg(const struct acpi_info *info)
{
	printf("%u segments, segment 0 at %#lx%s", info->ecam_count, info->ecam_base,
	       info->ecam_unread ? "; some are not read" : "");
}

static void say_tpm2(const struct acpi_info *info)
{
	printf("start method %u", info->tpm2_start_method);
}

static void say_dma(const struct acpi_info *info)
{
	const struct boot_dma *const records = &info->dma.records;

	printf("%u units, %u reserved ranges, %u settings%s", records->unit_count, records->reserved_count,
	       records->setting_count, info->dma.x2apic_opt_out ? ", X2APIC_OPT_OUT" : "");
}

static const struct kind {
	const char *signature, *name;
	void (*say)(const struct acpi_info *info);
} kinds[] = {
	{"APIC", "MADT", say_madt}, {"FACP", "FADT", say_fadt}, {"MCFG", "MCFG", say_mcfg},
	{"TPM2", "TPM2", say_tpm2}, {"DMAR", "DMAR", say_dma},  {"IVRS", "IVRS", say_dma},
};

/* One table beside plain ones, so no other table's fault hides its own. */
static void check_table(const struct table *table, const struct kind *kind)
{
	static struct memory memory;
	static struct acpi_info info;
	struct failure failure;

	memset(&memory, 0, sizeof(memory));
	memory.table[memory.count++] = *table;
	if (strcmp(kind->signature, "APIC"))
		memory.table[memory.count++] = (struct table){0, sizeof(plain_madt), plain_madt};
	if (strcmp(kind->signature, "FACP"))
		memory.table[memory.count++] = (struct table){0, sizeof(plain_fadt), plain_fadt};
	if (walk(&memory, &info, &failure)) {
		printf("%s accepted: ", kind->name);
		kind->say(&info);
		printf("\n");
	} else {
		printf("%s refused: %s: %s\n", kind->name, failure.name, failure.where);
	}
}

static void check_machine(struct memory *memory)
{
	static struct acpi_info info;
	struct failure failure;

	for (uint32_t i = 0; i < memory->count; i++) {
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			if (is(&memory->table[i], kinds[k].signature))
				check_table(&memory->table[i], &kinds[k]);
		}
	}
	if (walk(memory, &info, &failure))
		printf("machine accepted: SLP_TYP that switch off %#x, %u sleep states that keep memory\n\n",
		       info.sleep.off, info.sleep.kept);
	else
		printf("machine refused: %s: %s\n\n", failure.name, failure.where);
	fflush(stdout);
}

static uint32_t get_number(void)
{
	uint32_t value;

	if (fread(&value, sizeof(value), 1, stdin) != 1)
		exit(feof(stdin) ? EXIT_SUCCESS : EXIT_FAILURE);
	return value;
}

/* Its bytes are in memory of exactly their size, so a read past their end is seen. */
static struct table get_table(void)
{
	const uint32_t bytes = get_number();
	uint8_t *const data = malloc(bytes ? bytes : 1);

	if (!data || fread(data, 1, bytes, stdin) != bytes)
		exit(EXIT_FAILURE);
	return (struct table){0, bytes, data};
}

int main(void)
{
	static struct memory memory;

	make_plain_tables();
	for (;;) {
		const uint32_t count = get_number();

		if (count > TABLES_MAX)
			return EXIT_FAILURE;
		memset(&memory, 0, sizeof(memory));
		while (memory.count < count)
			memory.table[memory.count++] = get_table();
		check_machine(&memory);
		for (uint32_t i = 0; i < count; i++)
			free((void *)(uintptr_t)memory.table[i].data);
	}
}
