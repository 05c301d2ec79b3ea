/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The few instructions that C cannot express. */
#ifndef LOADER_CPU_H
#define LOADER_CPU_H

#include <stdint.h>

struct cpuid {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid result;

	__asm__ volatile("cpuid"
			 : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
			 : "a"(leaf), "c"(subleaf));
	return result;
}

static inline uint64_t rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return low | (uint64_t)high << 32;
}

static inline uint8_t in8(uint16_t port)
{
	uint8_t value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void out8(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint32_t in32(uint16_t port)
{
	uint32_t value;

	__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void out32(uint16_t port, uint32_t value)
{
	__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port));
}

/* To memory itself: the cache line is flushed, before it is read and after it was written (SDM volume 2, CLFLUSH). */
static inline void cache_flush(volatile uint64_t *at)
{
	__asm__ volatile("mfence; clflush %0; mfence" : "+m"(*at) : : "memory");
}

static inline void memory_put(uint64_t address, uint64_t value)
{
	volatile uint64_t *const at = (volatile uint64_t *)address;

	*at = value;
	cache_flush(at);
}

static inline uint64_t memory_get(uint64_t address)
{
	volatile uint64_t *const at = (volatile uint64_t *)address;

	cache_flush(at);
	return *at;
}

/* Interrupts off; returns RFLAGS as they were. */
static inline uint64_t interrupts_off(void)
{
	uint64_t flags;

	__asm__ volatile("pushfq; popq %0; cli" : "=r"(flags) : : "memory");
	return flags;
}

static inline void interrupts_restore(uint64_t flags)
{
	const uint64_t interrupt_flag = 1u << 9; /* SDM volume 1, 3.4.3 */

	if (flags & interrupt_flag)
		__asm__ volatile("sti" : : : "memory");
}

/* SDM volume 3, 11.4.6: leaf 0BH has the 32-bit x2APIC ID, in either APIC mode; leaf 1 the 8-bit one. */
static inline uint32_t cpu_apic_id(void)
{
	if (cpuid(0, 0).eax >= 0xb) {
		const struct cpuid topology = cpuid(0xb, 0);
		if (topology.ebx)
			return topology.edx;
	}
	return cpuid(1, 0).ebx >> 24;
}

/* CPUID 80000008.EAX[7:0] */
static inline uint32_t cpu_physical_bits(void)
{
	return cpuid(0x80000000, 0).eax >= 0x80000008 ? cpuid(0x80000008, 0).eax & 0xff : 36;
}

#endif
