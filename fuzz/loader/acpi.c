/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ACPI tables. The input is an RSDP, an XSDT, and tables, each in its own slot. The checksums are corrected unless
 * the input's first byte is odd: with a wrong one, no later check is reached.
 */
#include "acpi.h"
#include "fuzz/shared/harness.h"

#define SLOTS      6u
#define SLOT_BYTES 512u
#define BASE       0x10000u

static uint8_t memory[SLOTS * SLOT_BYTES];

static bool read_memory(const void *context, uint64_t address, void *to, size_t bytes)
{
	(void)context;
	if (address < BASE || bytes > sizeof(memory) || address - BASE > sizeof(memory) - bytes)
		return false;
	memcpy(to, memory + (address - BASE), bytes);
	return true;
}

/* Makes the sum of 'bytes' bytes zero. */
static void fix(uint8_t *table, size_t bytes, size_t checksum)
{
	unsigned int sum = 0;

	table[checksum] = 0;
	for (size_t i = 0; i < bytes; i++)
		sum += table[i];
	table[checksum] = (uint8_t)(0x100u - (sum & 0xff));
}

static void fix_all(void)
{
	fix(memory, 20, 8);
	fix(memory, 36, 32);
	for (size_t slot = 1; slot < SLOTS; slot++) {
		uint8_t *table = memory + slot * SLOT_BYTES;
		uint32_t bytes;

		memcpy(&bytes, table + 4, sizeof(bytes));
		if (bytes >= 10 && bytes <= sizeof(memory) - slot * SLOT_BYTES)
			fix(table, bytes, 9);
	}
}

void fuzz_one(struct bytes input)
{
	static uint8_t buffer[ACPI_MAX_TABLE_BYTES];
	const struct acpi_view view = {read_memory, NULL, buffer};
	struct acpi_info info;
	struct failure failure;

	if (input.len == 0)
		return;
	const size_t len = input.len - 1 < sizeof(memory) ? input.len - 1 : sizeof(memory);
	memset(memory, 0, sizeof(memory));
	memcpy(memory, input.data + 1, len);
	if (input.data[0] % 2 == 0)
		fix_all();
	const bool walked = acpi_walk(&view, BASE, &info, &failure);
	PROMISE(info.cpu_count <= BOOT_MAX_CPUS);
	PROMISE(!walked || info.cpu_count);
	PROMISE(info.ecam_base == 0 || !walked || info.ecam_base % 0x100000 == 0);
}
