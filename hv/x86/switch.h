/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The instructions that switch a guest's registers, and who takes interrupts. Of unit tests as in instructions.h. */
#ifndef CLOISTER_X86_SWITCH_H
#define CLOISTER_X86_SWITCH_H

#include <stdint.h>

static inline uint64_t xgetbv(uint32_t index)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(index));
	return (uint64_t)high << 32 | low;
}

/* @area: 64-byte aligned, as large as components @mask want (SDM 1 13.4) */
static inline void xsave(void *area, uint64_t mask)
{
	__asm__ volatile("xsave64 (%0)" : : "r"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32)) : "memory");
}

static inline void xrstor(const void *area, uint64_t mask)
{
	__asm__ volatile("xrstor64 (%0)" : : "r"(area), "a"((uint32_t)mask), "d"((uint32_t)(mask >> 32)) : "memory");
}

static inline void read_debug_addresses(uint64_t address[4])
{
	__asm__ volatile("mov %%dr0, %0; mov %%dr1, %1; mov %%dr2, %2; mov %%dr3, %3"
			 : "=r"(address[0]), "=r"(address[1]), "=r"(address[2]), "=r"(address[3]));
}

static inline void write_debug_addresses(const uint64_t address[4])
{
	__asm__ volatile("mov %0, %%dr0; mov %1, %%dr1; mov %2, %%dr2; mov %3, %%dr3"
			 :
			 : "r"(address[0]), "r"(address[1]), "r"(address[2]), "r"(address[3]));
}

static inline void sti(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline void cli(void)
{
	__asm__ volatile("cli" : : : "memory");
}

#endif
