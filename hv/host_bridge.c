/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host bridges, found by their class on bus 0: 00:00.0, and on AMD the data fabric's functions at 00:18. */
#include "host_bridge.h"

#include "pci.h"
#include "x86.h"

static bool is_host_bridge(const struct machine *m, uint32_t function)
{
	return (m->host_bridges[function / 8] >> function % 8 & 1) != 0;
}

enum hv_error host_bridge_protect(struct machine *m)
{
	enum hv_error error = HV_OK;

	for (uint32_t function = 0; error == HV_OK && function < PCI_FUNCTIONS_OF_BUS; function++) {
		if (pci_read((uint16_t)function, PCI_CLASS) >> 16 != PCI_CLASS_HOST_BRIDGE)
			continue;
		m->host_bridges[function / 8] |= (uint8_t)(1u << function % 8);
		if (m->boot.ecam_base != 0)
			error = stage2_write_protect(&m->root.stage2, m->boot.ecam_base + function * PAGE_BYTES,
						     PAGE_BYTES);
	}
	return error;
}

bool host_bridge_page(const struct machine *m, gpa_t address)
{
	const uint64_t function = (address.value - m->boot.ecam_base) / PAGE_BYTES;

	return m->boot.ecam_base != 0 && function < PCI_FUNCTIONS_OF_BUS && is_host_bridge(m, (uint32_t)function);
}

enum hv_error host_bridge_build_detour(struct machine *m, struct region *region)
{
	for (uint64_t at = m->boot.ecam_base; at < m->boot.ecam_base + PCI_FUNCTIONS_OF_BUS * PAGE_BYTES;
	     at += PAGE_BYTES) {
		if (host_bridge_page(m, gpa(at)))
			return stage2_build_detour(&m->root.stage2, region, at, &m->host_bridge_detour);
	}
	return HV_OK;
}

static bool reaches(struct io_access access, uint16_t first, uint16_t last)
{
	return access.port <= last && access.port + access.bytes > first;
}

bool host_bridge_port(struct io_access access)
{
	return reaches(access, PCI_ADDRESS, PCI_DATA_LAST);
}

bool host_bridge_addressed(const struct machine *m, struct io_access access)
{
	if (!reaches(access, PCI_DATA, PCI_DATA_LAST))
		return false;
	const uint32_t address = inl(PCI_ADDRESS);

	return (address & PCI_ADDRESS_ENABLE) != 0 && (address >> 16 & 0xff) == 0 &&
	       is_host_bridge(m, address >> 8 & 0xff);
}
