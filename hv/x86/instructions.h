/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The instructions that C has no words for, one function each. Unit tests put a header of the same name in
 * front of this one.
 */
#ifndef CLOISTER_X86_INSTRUCTIONS_H
#define CLOISTER_X86_INSTRUCTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct cpuid_result {
	uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_result r;

	__asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
	return r;
}

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (uint64_t)high << 32 | low;
}

static inline void wrmsr(uint32_t msr, uint64_t value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

/* False: no random word was to be had; @word then holds none. */
static inline bool rdrand(uint64_t *word)
{
	bool valid;

	__asm__ volatile("rdrand %0" : "=r"(*word), "=@ccc"(valid));
	return valid;
}

static inline bool rdseed(uint64_t *word)
{
	bool valid;

	__asm__ volatile("pause; rdseed %0" : "=r"(*word), "=@ccc"(valid));
	return valid;
}

static inline uint64_t rdtsc(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

static inline void xsetbv(uint32_t index, uint64_t value)
{
	__asm__ volatile("xsetbv" : : "c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

#define DEFINE_PORT(suffix, bits)                                                     \
	static inline void out##suffix(uint16_t port, uint##bits##_t value)           \
	{                                                                             \
		__asm__ volatile("out" #suffix " %0, %1" : : "a"(value), "Nd"(port)); \
	}                                                                             \
	static inline uint##bits##_t in##suffix(uint16_t port)                        \
	{                                                                             \
		uint##bits##_t value;                                                 \
		__asm__ volatile("in" #suffix " %1, %0" : "=a"(value) : "Nd"(port));  \
		return value;                                                         \
	}
DEFINE_PORT(b, 8)
DEFINE_PORT(w, 16)
DEFINE_PORT(l, 32)
#undef DEFINE_PORT

#define DEFINE_MMIO(bits)                                                           \
	static inline uint##bits##_t mmio_read##bits(uint64_t address)              \
	{                                                                           \
		return *(const volatile uint##bits##_t *)address;                   \
	}                                                                           \
	static inline void mmio_write##bits(uint64_t address, uint##bits##_t value) \
	{                                                                           \
		*(volatile uint##bits##_t *)address = value;                        \
	}
DEFINE_MMIO(32)
DEFINE_MMIO(64)
#undef DEFINE_MMIO

#define DEFINE_REGISTER_READ(name)                                     \
	static inline uint64_t read_##name(void)                       \
	{                                                              \
		uint64_t value;                                        \
		__asm__ volatile("mov %%" #name ", %0" : "=r"(value)); \
		return value;                                          \
	}
DEFINE_REGISTER_READ(cr0)
DEFINE_REGISTER_READ(cr2)
DEFINE_REGISTER_READ(cr3)
DEFINE_REGISTER_READ(cr4)
DEFINE_REGISTER_READ(dr6)
DEFINE_REGISTER_READ(dr7)
#undef DEFINE_REGISTER_READ

#define DEFINE_REGISTER_WRITE(name)                                             \
	static inline void write_##name(uint64_t value)                         \
	{                                                                       \
		__asm__ volatile("mov %0, %%" #name : : "r"(value) : "memory"); \
	}
DEFINE_REGISTER_WRITE(cr0)
DEFINE_REGISTER_WRITE(cr2)
DEFINE_REGISTER_WRITE(cr4)
DEFINE_REGISTER_WRITE(dr6)
#undef DEFINE_REGISTER_WRITE

/* Each entry of the CPU's return stack leads to an INT3: no CPU has more than 32. */
static inline void fill_return_stack(void)
{
	__asm__ volatile(".rept 32; call 1f; int3; 1:; .endr; add %0, %%rsp" : : "i"(32 * 8) : "memory", "cc");
}

/* Debug address registers: not part of the VMCB or VMCS, so INIT clears them here. */
static inline void clear_debug_addresses(void)
{
	__asm__ volatile("mov %0, %%dr0; mov %0, %%dr1; mov %0, %%dr2; mov %0, %%dr3" : : "r"(0ull));
}

static inline void invlpg(const volatile void *address)
{
	__asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

/* Clears the CPU's buffers as well, where its microcode has learnt to. */
static inline void verw(uint16_t selector)
{
	__asm__ volatile("verw %0" : : "m"(selector) : "cc");
}

static inline void wbinvd(void)
{
	__asm__ volatile("wbinvd" : : : "memory");
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" : : : "memory");
}

static inline void halt(void)
{
	__asm__ volatile("cli; hlt" : : : "memory");
}

/*
 * No exception can be delivered any more: the next one shuts the CPU down, and the machine is reset (SDM 3A 6.15, #DF).
 */
static inline _Noreturn void triple_fault(void)
{
	const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) none = {0};

	__asm__ volatile("lidt %0; int3" : : "m"(none));
	__builtin_unreachable();
}

#endif
