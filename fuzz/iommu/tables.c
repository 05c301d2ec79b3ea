/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DMAR and IVRS, from the loader's parsers to the hypervisor's check of their results. The first byte chooses, the
 * rest is the table, whose length field is corrected unless that byte's second bit is set. Each accepted table must
 * give the hypervisor everything that it relies on.
 */
#include "dma_table.h"
#include "fuzz/shared/harness.h"
#include "boot/boot_info.h"
#include "memory/address.h"

#define PHYS_BITS 40u

static struct boot_info boot = {
	.ram_count = 2,
	.hidden_count = 1,
	.region = {0x10000000, 0x400000},
	.pool = {0x20000000, 0x4000000},
	.ram = {{0, 0xa0000}, {0x100000, 0xff00000}},
	.hidden = {{0xfed41000, 0x4000}},
};

static void apart(uint64_t base, uint64_t bytes, const struct boot_range *range)
{
	PROMISE(!ranges_overlap(base, bytes, range->base, range->bytes));
}

static void check_accepted(const struct boot_dma *table)
{
	for (uint32_t i = 0; i < table->unit_count; i++) {
		const struct boot_range *const unit = &table->unit[i];

		PROMISE(unit->base % PAGE_BYTES == 0 && unit->bytes != 0 && unit->bytes % PAGE_BYTES == 0);
		PROMISE(unit->base + unit->bytes <= 1ull << PHYS_BITS);
		apart(unit->base, unit->bytes, &boot.region);
		apart(unit->base, unit->bytes, &boot.pool);
		apart(unit->base, unit->bytes, &boot.hidden[0]);
		apart(unit->base, unit->bytes, &boot.ram[1]);
		for (uint32_t k = 0; k < i; k++)
			PROMISE(!ranges_overlap(unit->base, unit->bytes, table->unit[k].base, table->unit[k].bytes));
	}
	for (uint32_t i = 0; i < table->setting_count; i++)
		PROMISE(table->setting[i].first <= table->setting[i].last && table->setting[i].sysmgt != 0);
	for (uint32_t i = 0; i < table->reserved_count; i++) {
		const struct boot_range *const range = &table->reserved[i];

		PROMISE(range->bytes != 0 && range->base + range->bytes <= 1ull << PHYS_BITS);
		apart(range->base, range->bytes, &boot.region);
		apart(range->base, range->bytes, &boot.pool);
		apart(range->base, range->bytes, &boot.hidden[0]);
	}
}

void fuzz_one(struct bytes input)
{
	static struct dma_table table;

	if (input.len < 1 + 8 || input.len > 65536)
		return;
	uint8_t *const data = (uint8_t *)(uintptr_t)input.data + 1; /* the harness's own copy */
	const uint32_t bytes = (uint32_t)input.len - 1;

	if ((input.data[0] & 2) == 0)
		memcpy(data + 4, &bytes, sizeof(bytes));
	const bool accepted = input.data[0] & 1 ? ivrs_parse(data, bytes, &table) : dmar_parse(data, bytes, &table);

	PROMISE(table.records.unit_count <= BOOT_MAX_UNITS && table.records.reserved_count <= BOOT_MAX_RESERVED &&
		table.records.setting_count <= BOOT_MAX_SETTINGS);
	PROMISE(!accepted || table.records.unit_count != 0);
	if (!accepted)
		return;
	boot.dma = table.records;
	const enum hv_error error = boot_dma_check(&boot, PHYS_BITS).error;

	PROMISE(error == HV_OK || error == HV_E_DMA_TABLE || error == HV_E_DMA_RESERVED);
	if (error == HV_OK)
		check_accepted(&boot.dma);
}
