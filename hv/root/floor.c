/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The floor's functions and pages, as the loader found them. */
#include "floor.h"

#include "machine/cpu.h"
#include "machine/pci.h"
#include "root.h"
#include "vcpu/vcpu.h"
#include "x86/instructions.h"

enum hv_error floor_protect(struct machine *m)
{
	const struct boot_floor *const floor = &m->boot.floor;
	enum hv_error error = HV_OK;

	for (uint32_t i = 0; error == HV_OK && i < floor->range_count; i++)
		error = stage2_write_protect(&m->root->domain.stage2, gpa(floor->range[i].base), floor->range[i].bytes);
	return error;
}

paddr_t floor_detour(const struct vcpu *vcpu, gpa_t address)
{
	const struct machine *const m = vcpu->cpu->machine;
	const struct boot_floor *const floor = &m->boot.floor;

	for (uint32_t i = 0; i < floor->range_count; i++) {
		if (ranges_overlap(address.value, 1, floor->range[i].base, floor->range[i].bytes))
			return m->root->floor_detour;
	}
	return paddr(0);
}

enum hv_error floor_build_detour(struct machine *m, struct region *region)
{
	return stage2_build_detour(&m->root->domain.stage2, region, &m->boot.floor, &m->root->floor_detour);
}

static bool reaches(struct io_access access, uint16_t first, uint16_t last)
{
	return access.port <= last && access.port + access.bytes > first;
}

bool floor_port(struct io_access access)
{
	return reaches(access, PCI_ADDRESS, PCI_DATA_LAST);
}

bool floor_addressed(const struct machine *m, struct io_access access)
{
	const struct boot_floor *const floor = &m->boot.floor;

	if (!reaches(access, PCI_DATA, PCI_DATA_LAST))
		return floor->closed_port != 0 && reaches(access, floor->closed_port, floor->closed_port);
	const uint32_t address = inl(PCI_ADDRESS);

	for (uint32_t i = 0; i < floor->function_count; i++) {
		if ((address & PCI_ADDRESS_ENABLE) != 0 && floor->function[i] == (uint16_t)(address >> 8))
			return true;
	}
	return false;
}
