/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The probe for memory aliases. The caches are flushed for it, since each address has its own cache line. */
#include "alias.h"

#include "cpu.h"

#define PAGE_BYTES  4096ull
#define FIRST_BIT   12u
#define ADDRESS_END 47u

static bool inside(const struct boot_range *range, uint64_t address)
{
	return address >= range->base && address - range->base < range->bytes;
}

/* Is there memory that may be read? */
static bool is_memory(const struct boot_info *info, uint64_t address)
{
	for (uint32_t i = 0; i < info->ram_count; i++) {
		if (inside(&info->ram[i], address))
			return true;
	}
	return inside(&info->region, address) || inside(&info->pool, address);
}

static bool shows(uint64_t written, uint64_t read, uint64_t value)
{
	memory_put(written, value);
	return memory_get(read) == value;
}

/* Two values, so that nothing else that changes memory at this moment is taken for an alias. */
static bool is_alias(uint64_t page, uint64_t other)
{
	const uint64_t value = 0xc1057e12a11a5000ull ^ page;

	return shows(page, other, value) && shows(page, other, ~value);
}

static bool probe_page(const struct boot_info *info, uint64_t page, struct failure *failure)
{
	for (uint32_t bit = FIRST_BIT; bit < ADDRESS_END; bit++) {
		const uint64_t other = page ^ 1ull << bit;

		if (is_memory(info, other) && is_alias(page, other))
			return fail(failure, LOADER_E_MEMORY_ALIAS, "0x%lx and 0x%lx", page, other);
	}
	memory_put(page, 0);
	return true;
}

static bool probe_range(const struct boot_info *info, const struct boot_range *range, uint64_t most_pages,
			struct failure *failure)
{
	const uint64_t pages = range->bytes / PAGE_BYTES;
	const uint64_t step = pages > most_pages ? (pages + most_pages - 1) / most_pages : 1;

	for (uint64_t i = 0; i < pages; i += step) {
		if (!probe_page(info, range->base + i * PAGE_BYTES, failure))
			return false;
	}
	return true;
}

bool alias_probes_all(const struct boot_info *info)
{
	return info->pool.bytes <= ALIAS_POOL_PAGES * PAGE_BYTES;
}

bool alias_probe(const struct boot_info *info, struct failure *failure)
{
	return probe_range(info, &info->region, UINT64_MAX / 2, failure) &&
	       probe_range(info, &info->pool, ALIAS_POOL_PAGES, failure);
}
