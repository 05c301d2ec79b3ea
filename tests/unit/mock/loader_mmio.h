/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes the place of loader/mmio.h: registers of a device that the test models. */
#ifndef LOADER_MMIO_H
#define LOADER_MMIO_H

#include <stdint.h>

uint8_t mmio_read_8(uint64_t address);
uint32_t mmio_read_32(uint64_t address);
void mmio_write_8(uint64_t address, uint8_t value);
void mmio_write_32(uint64_t address, uint32_t value);

#endif
