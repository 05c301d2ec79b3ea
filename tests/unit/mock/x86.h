/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU as the unit tests of hv/ see it: included in front of hv/x86/instructions.h, whose place it takes. A test
 * defines what it needs of these; the linker drops the rest.
 */
#ifndef CLOISTER_X86_INSTRUCTIONS_H
#define CLOISTER_X86_INSTRUCTIONS_H
#define CLOISTER_X86_SWITCH_H

#include <stdbool.h>
#include <stdint.h>

struct cpuid_result {
	uint32_t eax, ebx, ecx, edx;
};

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf);
uint64_t rdmsr(uint32_t msr);
void wrmsr(uint32_t msr, uint64_t value);
bool rdrand(uint64_t *word);
bool rdseed(uint64_t *word);
uint64_t rdtsc(void);
void xsetbv(uint32_t index, uint64_t value);
uint64_t xgetbv(uint32_t index);
void xsave(void *area, uint64_t components);
void xrstor(const void *area, uint64_t components);
void outb(uint16_t port, uint8_t value);
void outw(uint16_t port, uint16_t value);
void outl(uint16_t port, uint32_t value);
uint8_t inb(uint16_t port);
uint16_t inw(uint16_t port);
uint32_t inl(uint16_t port);
uint32_t mmio_read32(uint64_t address);
void mmio_write32(uint64_t address, uint32_t value);
uint64_t mmio_read64(uint64_t address);
void mmio_write64(uint64_t address, uint64_t value);
void verw(uint16_t selector);
void invlpg(const volatile void *address);
uint64_t read_cr0(void);
uint64_t read_cr2(void);
uint64_t read_cr3(void);
uint64_t read_cr4(void);
uint64_t read_dr6(void);
uint64_t read_dr7(void);
void write_cr0(uint64_t value);
void write_cr2(uint64_t value);
void write_cr4(uint64_t value);
void write_dr6(uint64_t value);
void fill_return_stack(void);
void clear_debug_addresses(void);
void read_debug_addresses(uint64_t address[4]);
void write_debug_addresses(const uint64_t address[4]);
void wbinvd(void);
void sti(void);
void cli(void);
void halt(void);
_Noreturn void triple_fault(void);

static inline void cpu_relax(void)
{
}

#endif
