/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is there a device that no unit translates for? */
#include "iommu/dma_table.h"
#include "pci.h"

#define BUSES 256u

static bool has_catch_all(const struct dma_table *table, uint16_t segment)
{
	for (uint32_t i = 0; i < table->unit_count; i++) {
		if (table->units[i].segment == segment && table->units[i].covers_all)
			return true;
	}
	return false;
}

/* The buses behind bridges that a unit names. A bridge's buses have higher numbers than its own. */
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

enum hv_error dma_coverage_check(struct dma_table *table)
{
	struct covered covered = {0};

	for (uint32_t i = 0; i < table->unit_count; i++) {
		table->where = table->units[i].segment;
		if (table->where != 0 && !has_catch_all(table, table->units[i].segment))
			return HV_E_DMA_COVERAGE;
	}
	for (uint32_t function = 0; !has_catch_all(table, 0) && function < BUSES * PCI_FUNCTIONS_OF_BUS; function++) {
		table->where = function;
		if (!function_covered(table, &covered, (uint16_t)function))
			return HV_E_DMA_COVERAGE;
	}
	return HV_OK;
}
