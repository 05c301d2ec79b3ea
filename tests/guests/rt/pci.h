/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PCI configuration space: by ports (PCI 3.0, 3.2.2.3.2), and in memory (PCI Express 5.0, 7.2.2). A function is
 * bus << 8 | device << 3 | function.
 */
#ifndef RT_PCI_H
#define RT_PCI_H

#include <stdint.h>

#define CONFIG_ADDRESS 0xcf8u
#define CONFIG_DATA    0xcfcu
#define CONFIG_ENABLE  (1u << 31)

#define CONFIG_ID      0x00u
#define CONFIG_COMMAND 0x04u
#define CONFIG_CLASS   0x08u /* in the upper half */
#define CONFIG_HEADER  0x0cu
#define CONFIG_BAR0    0x10u
#define CONFIG_BUSES   0x18u /* of a bridge: primary, secondary, subordinate */
#define COMMAND_MEMORY 2u
#define COMMAND_MASTER 4u
#define HEADER_BRIDGE  1u

#define FUNCTION(bus, device, function) ((uint32_t)((bus) << 8 | (device) << 3 | (function)))

uint32_t config_read(uint32_t function, uint32_t at);
void config_write(uint32_t function, uint32_t at, uint32_t value);

/* Where the function's configuration space is in memory, by the firmware's MCFG; 0 where there is none. */
uint64_t config_page(uint32_t function);

/* Calls @look for each function of all buses. */
void config_each(void (*look)(uint32_t function));

#endif
