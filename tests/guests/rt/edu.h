/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's edu devices (docs/specs/edu.rst). */
#ifndef RT_EDU_H
#define RT_EDU_H

#include "pci.h"

#include <stdbool.h>
#include <stdint.h>

#define EDU_ID          0x11e81234u
#define EDU_IDENTITY    0x010000edu /* its first register */
#define EDU_WINDOW      0x100000ul  /* of registers: BAR 0 */
#define PCIE_PCI_BRIDGE 0x000e1b36u /* identity of QEMU's bridge from PCI Express to PCI */

struct edu {
	uint32_t function;
	uint32_t source; /* as units see it: behind a bridge to PCI, the bridge's secondary bus (VT-d 5.1, 3.4.1) */
	volatile uint8_t *registers;
};

/*
 * Finds the devices on bus 0, then those behind bridges there, and makes them masters. Returns how many, at most
 * 'most'.
 */
unsigned int edu_find(struct edu *found, unsigned int most);

uint32_t edu_identity(const struct edu *edu);

/* A transfer between the device's buffer and memory; it takes the device 100 ms. */
void edu_begin(const struct edu *edu, bool to_memory, uint64_t address, uint32_t bytes);
bool edu_runs(const struct edu *edu);

/* The same, and waits for its end. */
void edu_transfer(const struct edu *edu, bool to_memory, uint64_t address, uint32_t bytes);

#endif
