/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI configuration space, as it is read before the launch. */
#include "pci.h"

#include "x86.h"

uint32_t pci_read(uint16_t function, uint8_t offset)
{
	const uint32_t kept = inl(PCI_ADDRESS); /* the firmware may be between its two accesses */

	outl(PCI_ADDRESS, PCI_ADDRESS_ENABLE | (uint32_t)function << 8 | offset);
	const uint32_t value = inl(PCI_DATA);

	outl(PCI_ADDRESS, kept);
	return value;
}
