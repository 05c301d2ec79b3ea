/* SPDX-License-Identifier: GPL-2.0-or-later */
/* QEMU's edu devices (docs/specs/edu.rst), and PCI configuration space by ports. A function is bus << 8 | device << 3 | function. */
#ifndef DMA_EDU_H
#define DMA_EDU_H

#include <stdbool.h>
#include <stdint.h>

#define CONFIG_ADDRESS 0xcf8u
#define CONFIG_DATA    0xcfcu
#define CONFIG_ENABLE  (1u << 31)

#define CONFIG_ID       0x00u
#define CONFIG_COMMAND  0x04u
#define CONFIG_HEADER   0x0cu
#define CONFIG_BAR0     0x10u
#define CONFIG_BUSES    0x18u
#define COMMAND_MEMORY  2u
#define COMMAND_MASTER  4u
#define HEADER_BRIDGE   1u
#define EDU_ID          0x11e81234u
#define EDU_IDENTITY    0x010000edu /* its first register */
#define EDU_WINDOW      0x100000ul  /* of registers: BAR 0 */
#define PCIE_PCI_BRIDGE 0x000e1b36u /* identity of QEMU's bridge from PCI Express to PCI */

struct edu {
	uint32_t function;
	uint32_t
		source; /* what units see it as: behind a bridge to PCI, the bridge's secondary bus (VT-d 5.1, 3.4.1) */
	volatile uint8_t *registers;
};

uint32_t config_read(uint32_t function, uint32_t at);
void config_write(uint32_t function, uint32_t at, uint32_t value);

/* Finds the devices on bus 0, then those behind bridges there, and makes them masters. Returns how many, at most 'most'. */
unsigned int edu_find(struct edu *found, unsigned int most);

uint32_t edu_identity(const struct edu *edu);

/* A transfer between the device's buffer and memory; it takes the device 100 ms. */
void edu_begin(const struct edu *edu, bool to_memory, uint64_t address, uint32_t bytes);
bool edu_runs(const struct edu *edu);

/* The same, and waits for its end. */
void edu_transfer(const struct edu *edu, bool to_memory, uint64_t address, uint32_t bytes);

#endif
