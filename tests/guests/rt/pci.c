/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI configuration space of segment 0. */
#include "pci.h"

#include "acpi.h"
#include "paging.h"
#include "x86.h"

#define FUNCTIONS    0x10000u
#define PER_DEVICE   8u
#define HEADER_MULTI 0x80u

uint32_t config_read(uint32_t function, uint32_t at)
{
	outl(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | at);
	return inl(CONFIG_DATA);
}

void config_write(uint32_t function, uint32_t at, uint32_t value)
{
	outl(CONFIG_ADDRESS, CONFIG_ENABLE | function << 8 | at);
	outl(CONFIG_DATA, value);
}

uint64_t config_page(uint32_t function)
{
	const uint64_t base = acpi_ecam();

	return base ? base + function * PAGE_BYTES : 0;
}

void config_each(void (*look)(uint32_t function))
{
	for (uint32_t first = 0; first < FUNCTIONS; first += PER_DEVICE) {
		if (config_read(first, CONFIG_ID) == ~0u)
			continue;
		const uint32_t count = config_read(first, CONFIG_HEADER) >> 16 & HEADER_MULTI ? PER_DEVICE : 1;

		for (uint32_t function = first; function < first + count; function++) {
			if (config_read(function, CONFIG_ID) != ~0u)
				look(function);
		}
	}
}
