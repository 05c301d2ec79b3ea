/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI configuration space of segment 0 through ports 0xCF8 and 0xCFC (PCI 3.0, 3.2.2.3.2). */
#ifndef HV_PCI_H
#define HV_PCI_H

#include <stdbool.h>
#include <stdint.h>

#define PCI_ADDRESS        0xcf8u
#define PCI_ADDRESS_ENABLE (1u << 31)
#define PCI_DATA           0xcfcu
#define PCI_DATA_LAST      0xcffu

/* Offsets (PCI 3.0, 6.1; PCI-to-PCI Bridge 1.2, 3.2). */
#define PCI_ID          0x00u
#define PCI_CLASS       0x08u /* class code in the upper three bytes */
#define PCI_HEADER_TYPE 0x0cu /* in the third byte */
#define PCI_BUSES       0x18u /* primary, secondary, subordinate bus of a bridge */

#define PCI_CLASS_HOST_BRIDGE 0x0600u
#define PCI_HEADER_BRIDGE     1u

/* Bus << 8 | device << 3 | function. */
#define PCI_FUNCTIONS_OF_BUS 256u

/**
 * Reads a register of a function; all ones if it is not there. Before the launch only, on the BSP.
 * @function: bus << 8 | device << 3 | function; @offset: a multiple of 4
 */
uint32_t pci_read(uint16_t function, uint8_t offset);

static inline bool pci_present(uint16_t function)
{
	return (uint16_t)pci_read(function, PCI_ID) != 0xffff;
}

#endif
