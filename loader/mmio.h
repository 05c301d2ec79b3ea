/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers in memory space. Unit tests put a model of a device in place of this file. */
#ifndef LOADER_MMIO_H
#define LOADER_MMIO_H

#include <stdint.h>

static inline uint8_t mmio_read_8(uint64_t address)
{
	return *(const volatile uint8_t *)address;
}

static inline uint32_t mmio_read_32(uint64_t address)
{
	return *(const volatile uint32_t *)address;
}

static inline void mmio_write_8(uint64_t address, uint8_t value)
{
	*(volatile uint8_t *)address = value;
}

static inline void mmio_write_32(uint64_t address, uint32_t value)
{
	*(volatile uint32_t *)address = value;
}

#endif
