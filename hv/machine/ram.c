/* SPDX-License-Identifier: GPL-2.0-or-later */
/* RAM of the root guest, as the loader listed it. */
#include "machine.h"
#include "memory/address.h"

bool machine_is_ram(const struct machine *m, gpa_t address, uint64_t bytes)
{
	if (bytes > PAGE_BYTES - (address.value & PAGE_MASK))
		return false;
	for (uint32_t i = 0; i < m->boot.ram_count; i++) {
		const struct boot_range *const ram = &m->boot.ram[i];

		if (address.value >= ram->base && address.value - ram->base < ram->bytes)
			return true; /* ranges are whole pages */
	}
	return false;
}
