/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Takes the place of loader/cpu.h: a CPU whose width, vendor and ports a test chooses, and whose interrupts go to no
 * handler.
 */
#ifndef LOADER_CPU_H
#define LOADER_CPU_H

#include <stdint.h>

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

extern uint32_t mock_physical_bits;
extern struct cpuid mock_vendor;

uint32_t cpu_apic_id(void);
uint8_t in8(uint16_t port);
void out8(uint16_t port, uint8_t value);
uint32_t in32(uint16_t port);
void memory_put(uint64_t address, uint64_t value);
uint64_t memory_get(uint64_t address);
void out32(uint16_t port, uint32_t value);

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)leaf;
	(void)subleaf;
	return mock_vendor;
}

static inline uint32_t cpu_physical_bits(void)
{
	return mock_physical_bits;
}

static inline uint64_t interrupts_off(void)
{
	return 0;
}

static inline void interrupts_restore(uint64_t flags)
{
	(void)flags;
}

#endif
