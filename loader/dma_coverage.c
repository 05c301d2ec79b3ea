/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is there a device that no unit translates for? */
#include "cpu.h"
#include "dma_table.h"

/* PCI configuration space through ports (PCI 3.0, 3.2.2.3.2); offsets in it (6.1; PCI-to-PCI Bridge 1.2, 3.2). */
#define PCI_ADDRESS        0xcf8u
#define PCI_ADDRESS_ENABLE (1u << 31)
#define PCI_DATA           0xcfcu
#define PCI_ID             0x00u
#define PCI_HEADER_TYPE    0x0cu /* in the third byte */
#define PCI_BUSES          0x18u /* primary, secondary, subordinate bus of a bridge */
#define PCI_HEADER_BRIDGE  1u

#define BUSES            256u
#define FUNCTIONS_OF_BUS 256u

static uint32_t pci_read(uint16_t function, uint8_t offset)
{
	const uint32_t kept = in32(PCI_ADDRESS); /* the firmware may be between its two accesses */

	out32(PCI_ADDRESS, PCI_ADDRESS_ENABLE | (uint32_t)function << 8 | offset);
	const uint32_t value = in32(PCI_DATA);

	out32(PCI_ADDRESS, kept);
	return value;
}

static bool pci_present(uint16_t function)
{
	return (uint16_t)pci_read(function, PCI_ID) != 0xffff;
}

static bool has_catch_all(const struct dma_table *table, uint16_t segment)
{
	for (uint32_t i = 0; i < table->records.unit_count; i++) {
		if (table->segment[i] == segment && table->covers_all[i])
			return true;
	}
	return false;
}

/* The buses below bridges that a unit names. A bridge's buses have higher numbers than its own. */
struct covered {
	bool bus[BUSES];
};

static void cover_buses(struct covered *covered, uint16_t bridge)
{
	const uint32_t buses = pci_read(bridge, PCI_BUSES);

	for (uint32_t bus = buses >> 8 & 0xff; bus != 0 && bus <= (buses >> 16 & 0xff); bus++)
		covered->bus[bus] = true;
}

static bool function_covered(const struct dma_table *table, struct covered *covered, uint16_t function)
{
	const uint32_t bus = function >> 8, on_bus = function & 0xff;

	if (!pci_present(function) || covered->bus[bus])
		return true;
	if (bus != 0 || (table->named[on_bus / 8] >> on_bus % 8 & 1) == 0)
		return false;
	if ((pci_read(function, PCI_HEADER_TYPE) >> 16 & 0x7f) == PCI_HEADER_BRIDGE)
		cover_buses(covered, function);
	return true;
}

bool dma_coverage_check(struct dma_table *table)
{
	struct covered covered = {0};

	for (uint32_t i = 0; i < table->records.unit_count; i++) {
		table->where = table->segment[i];
		if (table->where != 0 && !has_catch_all(table, table->segment[i]))
			return false;
	}
	for (uint32_t function = 0; !has_catch_all(table, 0) && function < BUSES * FUNCTIONS_OF_BUS; function++) {
		table->where = function;
		if (!function_covered(table, &covered, (uint16_t)function))
			return false;
	}
	return true;
}
