/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI configuration space of segment 0 through ports 0xCF8 and 0xCFC (PCI 3.0, 3.2.2.3.2). */
#ifndef CLOISTER_MACHINE_PCI_H
#define CLOISTER_MACHINE_PCI_H

#define PCI_ADDRESS        0xcf8u
#define PCI_ADDRESS_ENABLE (1u << 31)
#define PCI_DATA           0xcfcu
#define PCI_DATA_LAST      0xcffu

#endif
