/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loader's boot_info, checked field by field. */
#include "boot_info.h"

#include "lib/failure.h"
#include "memory/address.h"

#define LARGE_PAGE     0x200000ull
#define ECAM_BUS_BYTES 0x100000ull /* a page for each function (PCI Express Base 5.0, 7.2.2) */

#define IDENTITY_BITS 47u /* the canonical lower half: the hypervisor's own region is mapped one to one */

bool boot_range_sane(const struct boot_range *range, uint32_t phys_bits)
{
	const uint64_t end = 1ull << (phys_bits > IDENTITY_BITS ? IDENTITY_BITS : phys_bits);

	return ((range->base | range->bytes) & PAGE_MASK) == 0 && range->bytes != 0 && range->base < end &&
	       range->bytes <= end - range->base;
}

bool boot_range_apart(const struct boot_range *range, const struct boot_range *others, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (ranges_overlap(range->base, range->bytes, others[i].base, others[i].bytes))
			return false;
	}
	return true;
}

bool boot_range_unprotected(const struct boot_info *boot, const struct boot_range *range)
{
	return boot_range_apart(range, &boot->region, 1) && boot_range_apart(range, &boot->pool, 1) &&
	       boot_range_apart(range, boot->hidden, boot->hidden_count);
}

static bool large_aligned(const struct boot_range *range)
{
	return ((range->base | range->bytes) & (LARGE_PAGE - 1)) == 0;
}

static bool region_sane(const struct boot_info *boot, uint32_t phys_bits)
{
	const struct boot_range *const region = &boot->region;

	return large_aligned(region) && (boot->image_bytes & PAGE_MASK) == 0 && boot->image_bytes <= region->bytes &&
	       region->bytes >= boot_region_bytes(boot, phys_bits);
}

static bool pool_sane(const struct boot_info *boot, uint32_t phys_bits)
{
	const struct boot_range *const pool = &boot->pool;

	if (pool->base == 0 && pool->bytes == 0)
		return true;
	return boot_range_sane(pool, phys_bits) && large_aligned(pool) && boot_range_apart(pool, &boot->region, 1);
}

/* RAM of the root guest: sorted, disjoint, and none of it protected. */
static bool ram_sane(const struct boot_info *boot, uint32_t phys_bits)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < boot->ram_count; i++) {
		const struct boot_range *const ram = &boot->ram[i];

		if (!boot_range_sane(ram, phys_bits) || ram->base < end || !boot_range_unprotected(boot, ram))
			return false;
		end = ram->base + ram->bytes;
	}
	return true;
}

static bool hidden_sane(const struct boot_info *boot, uint32_t phys_bits)
{
	for (uint32_t i = 0; i < boot->hidden_count; i++) {
		if (!boot_range_sane(&boot->hidden[i], phys_bits))
			return false;
	}
	return true;
}

/* The first CPU that has the APIC ID of one before it, or HV_NO_CPU. */
static uint32_t cpu_twice(const struct boot_info *boot)
{
	for (uint32_t i = 0; i < boot->cpu_count; i++) {
		for (uint32_t k = 0; k < i; k++) {
			if (boot->cpu_apic_id[i] == boot->cpu_apic_id[k])
				return i;
		}
	}
	return HV_NO_CPU;
}

/* Ranges smaller than a large page: stage 2 then has them as single pages, which the view for writes needs. */
static bool floor_sane(const struct boot_floor *floor, uint32_t phys_bits)
{
	if (floor->range_count > BOOT_MAX_FLOOR || floor->function_count > BOOT_MAX_FLOOR)
		return false;
	for (uint32_t i = 0; i < floor->range_count; i++) {
		if (!boot_range_sane(&floor->range[i], phys_bits) || floor->range[i].bytes >= LARGE_PAGE)
			return false;
	}
	return true;
}

static bool dma_counts_sane(const struct boot_dma *dma)
{
	return dma->kind <= BOOT_DMA_AMDVI && dma->unit_count <= BOOT_MAX_UNITS &&
	       dma->reserved_count <= BOOT_MAX_RESERVED && dma->setting_count <= BOOT_MAX_SETTINGS;
}

static bool header_sane(const struct boot_info *boot)
{
	const uint32_t known_flags = BOOT_FLAG_DMA_REQUIRED | BOOT_FLAG_WEAK_BINDING | BOOT_FLAG_NO_TPM |
				     BOOT_FLAG_FLOOR_CLOSED | BOOT_FLAG_SLEEP_UNWATCHED | BOOT_FLAG_ALIAS_UNCHECKED;

	return boot->magic == BOOT_INFO_MAGIC && boot->version == BOOT_INFO_VERSION && boot->bytes == sizeof(*boot) &&
	       (boot->flags & ~known_flags) == 0;
}

static bool counts_sane(const struct boot_info *boot)
{
	return boot->cpu_count != 0 && boot->cpu_count <= BOOT_MAX_CPUS && boot->ram_count != 0 &&
	       boot->ram_count <= BOOT_MAX_RAM && boot->hidden_count <= BOOT_MAX_HIDDEN &&
	       boot->log_bytes <= BOOT_MAX_LOG && dma_counts_sane(&boot->dma);
}

static bool values_sane(const struct boot_info *boot, uint32_t phys_bits)
{
	const struct boot_range ecam = {boot->ecam_base, ECAM_BUS_BYTES};

	return floor_sane(&boot->floor, phys_bits) && boot->tsc_khz >= 1000 && boot->tsc_khz <= 100000000 &&
	       (ecam.base == 0 || (ecam.base % ECAM_BUS_BYTES == 0 && boot_range_sane(&ecam, phys_bits))) &&
	       boot->on_crash <= BOOT_CRASH_STOP &&
	       (boot->ram_leaf_bytes == BOOT_LEAF_2MIB || boot->ram_leaf_bytes == BOOT_LEAF_4KIB);
}

struct hv_failure boot_info_check(const struct boot_info *boot, uint32_t phys_bits)
{
	if (!header_sane(boot) || !counts_sane(boot) || !values_sane(boot, phys_bits))
		return fails(HV_E_BOOT_INFO);
	if (!boot_range_sane(&boot->region, phys_bits)) /* the others are compared with it */
		return fails(HV_E_REGION);
	if (!pool_sane(boot, phys_bits) || !hidden_sane(boot, phys_bits) || !ram_sane(boot, phys_bits))
		return fails(HV_E_BOOT_INFO);
	if (cpu_twice(boot) != HV_NO_CPU)
		return fails_on(HV_E_BOOT_INFO, cpu_twice(boot));
	return fails(region_sane(boot, phys_bits) ? HV_OK : HV_E_REGION);
}
