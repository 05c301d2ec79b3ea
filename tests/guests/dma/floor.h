/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host bridge's registers, as the root guest's CPU reaches them. */
#ifndef DMA_FLOOR_H
#define DMA_FLOOR_H

#include <stdint.h>

/* Both are told the function of an edu device, whose registers can be written. */
void floor_test_ports(uint32_t function);
void floor_test_memory(uint32_t function);

#endif
