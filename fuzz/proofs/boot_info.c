/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/boot/boot_info.c: for every content of the loader's boot_info and every physical address width, with up to four
 * CPUs, four RAM ranges, three hidden ranges and two of the floor (and any counts that are too large). If it is
 * accepted, it keeps the promises that the rest of the hypervisor builds on. The records of DMA remapping, up to two
 * of each kind, are a proof apart: both in one take more than 6 GiB.
 */
#include "proof.h"

#include "boot/boot_info.h"

#define CPUS   4
#define RAM    4
#define HIDDEN 3
#define DMA    2
#define FLOOR  2

static bool apart(const struct boot_range *a, const struct boot_range *b)
{
	return a->base + a->bytes <= b->base || b->base + b->bytes <= a->base;
}

/* Whole pages, inside the address width and the lower half of the addresses: no sum of two of its numbers wraps. */
static void check_range(const struct boot_range *range, uint32_t phys_bits)
{
	PROVE((range->base & 4095) == 0 && (range->bytes & 4095) == 0 && range->bytes != 0);
	PROVE(range->base < 1ull << 47 && range->bytes <= (1ull << 47) - range->base);
	PROVE(range->base + range->bytes <= 1ull << phys_bits);
}

static void check_ranges(const struct boot_info *boot, uint32_t phys_bits)
{
	const bool pool = boot->pool.base != 0 || boot->pool.bytes != 0;
	uint32_t ram, later, hidden;

	ASSUME(ram < boot->ram_count && later > ram && hidden < HIDDEN);
	check_range(&boot->ram[ram], phys_bits);
	PROVE(apart(&boot->ram[ram], &boot->region));
	PROVE(!pool || apart(&boot->ram[ram], &boot->pool));
	PROVE(later >= boot->ram_count || boot->ram[ram].base + boot->ram[ram].bytes <= boot->ram[later].base);
	if (hidden < boot->hidden_count) {
		check_range(&boot->hidden[hidden], phys_bits);
		PROVE(apart(&boot->ram[ram], &boot->hidden[hidden]));
	}
	REACHABLE(pool && ram == 2 && later == 3 && boot->ram_count == RAM && hidden == 2 &&
		  boot->hidden_count == HIDDEN);
	REACHABLE(!pool && boot->hidden_count == 0);
}

static void check_region(const struct boot_info *boot, uint32_t phys_bits)
{
	const uint64_t large = 0x1fffff;

	check_range(&boot->region, phys_bits);
	PROVE((boot->region.base & large) == 0 && (boot->region.bytes & large) == 0);
	PROVE(boot->image_bytes <= boot->region.bytes && (boot->image_bytes & 4095) == 0);
	/* Room after the image for the pages that hv/boot/launch.c takes (BOOT_PAGES_*). */
	PROVE((boot->region.bytes - boot->image_bytes) / 4096 >= 192 + 16ull * boot->cpu_count);
	if (boot->pool.base != 0 || boot->pool.bytes != 0) {
		check_range(&boot->pool, phys_bits);
		PROVE((boot->pool.base & large) == 0 && (boot->pool.bytes & large) == 0);
		PROVE(apart(&boot->pool, &boot->region));
	}
}

static void check_counts(const struct boot_info *boot)
{
	uint32_t a, b;

	PROVE(boot->cpu_count >= 1 && boot->cpu_count <= BOOT_MAX_CPUS);
	PROVE(boot->ram_count <= BOOT_MAX_RAM && boot->hidden_count <= BOOT_MAX_HIDDEN);
	PROVE(boot->log_bytes <= BOOT_MAX_LOG);
	PROVE(boot->dma.unit_count <= BOOT_MAX_UNITS && boot->dma.reserved_count <= BOOT_MAX_RESERVED);
	PROVE(boot->dma.setting_count <= BOOT_MAX_SETTINGS);
	PROVE(boot->tsc_khz >= 1000 && boot->tsc_khz <= 100000000);
	if (a < b && b < boot->cpu_count)
		PROVE(boot->cpu_apic_id[a] != boot->cpu_apic_id[b]);
	PROVE((boot->flags & ~0x372u) == 0);
	REACHABLE(boot->cpu_count == CPUS);
}

/* Each range is one that stage 2 has as single pages. */
static void check_floor(const struct boot_info *boot, uint32_t phys_bits)
{
	uint32_t range;

	PROVE(boot->floor.range_count <= BOOT_MAX_FLOOR && boot->floor.function_count <= BOOT_MAX_FLOOR);
	ASSUME(range < boot->floor.range_count);
	check_range(&boot->floor.range[range], phys_bits);
	PROVE(boot->floor.range[range].bytes < 0x200000);
	REACHABLE(range == 1);
}

/* Registers and reserved memory are apart from protected memory; registers from all memory and each other, too. */
static void check_dma(const struct boot_info *boot, uint32_t phys_bits)
{
	const struct boot_dma *const dma = &boot->dma;
	const bool pool = boot->pool.base != 0 || boot->pool.bytes != 0;
	uint32_t unit, reserved, hidden, ram, setting;

	ASSUME(unit < dma->unit_count && reserved < dma->reserved_count && hidden < boot->hidden_count);
	ASSUME(ram < boot->ram_count && setting < dma->setting_count);
	check_range(&dma->unit[unit], phys_bits);
	check_range(&dma->reserved[reserved], phys_bits);
	PROVE(dma->unit[unit].base != 0 && apart(&dma->unit[unit], &boot->ram[ram]));
	PROVE(apart(&dma->unit[unit], &boot->region) && apart(&dma->reserved[reserved], &boot->region));
	PROVE(!pool || (apart(&dma->unit[unit], &boot->pool) && apart(&dma->reserved[reserved], &boot->pool)));
	PROVE(apart(&dma->unit[unit], &boot->hidden[hidden]) && apart(&dma->reserved[reserved], &boot->hidden[hidden]));
	PROVE(apart(&dma->unit[unit], &dma->reserved[reserved]));
	PROVE(dma->setting[setting].first <= dma->setting[setting].last);
	PROVE(dma->setting[setting].sysmgt >= 1 && dma->setting[setting].sysmgt <= 3);
	if (dma->unit_count == DMA)
		PROVE(apart(&dma->unit[0], &dma->unit[1]));
	REACHABLE(dma->unit_count == DMA && dma->reserved_count == DMA && dma->setting_count == DMA && pool);
}

static void few_entries(const struct boot_info *boot, uint32_t phys_bits)
{
	ASSUME(phys_bits >= 36 && phys_bits <= 52);
	ASSUME(boot->cpu_count <= CPUS || boot->cpu_count > BOOT_MAX_CPUS);
	ASSUME(boot->ram_count <= RAM || boot->ram_count > BOOT_MAX_RAM);
	ASSUME(boot->hidden_count <= HIDDEN || boot->hidden_count > BOOT_MAX_HIDDEN);
	ASSUME(boot->floor.range_count <= FLOOR || boot->floor.range_count > BOOT_MAX_FLOOR);
}

void prove_boot_info(void)
{
	struct boot_info boot;
	uint32_t phys_bits;

	few_entries(&boot, phys_bits);
	if (boot_info_check(&boot, phys_bits).error != HV_OK)
		return;
	check_counts(&boot);
	check_floor(&boot, phys_bits);
	check_region(&boot, phys_bits);
	check_ranges(&boot, phys_bits);
}

/* For boot_info as prove_boot_info() shows it; one range of RAM and one hidden range, as any of them. */
void prove_boot_dma(void)
{
	struct boot_info boot;
	uint32_t phys_bits;

	ASSUME(phys_bits >= 36 && phys_bits <= 52 && boot.ram_count == 1 && boot.hidden_count == 1);
	ASSUME(boot_range_sane(&boot.region, phys_bits) && boot_range_sane(&boot.ram[0], phys_bits) &&
	       boot_range_sane(&boot.hidden[0], phys_bits));
	ASSUME((boot.pool.base == 0 && boot.pool.bytes == 0) || boot_range_sane(&boot.pool, phys_bits));
	ASSUME(boot.dma.unit_count <= DMA && boot.dma.reserved_count <= DMA && boot.dma.setting_count <= DMA);
	if (boot_dma_check(&boot, phys_bits).error == HV_OK)
		check_dma(&boot, phys_bits);
}
