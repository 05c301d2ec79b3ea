/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The CPU under the exit handler: included in front of hv/x86.h and hv/svm/instructions.h, whose places it takes. cpu.c
 * defines it, and aborts where a real CPU would fault in the hypervisor or where a promise is broken.
 */
#ifndef HV_X86_H
#define HV_X86_H
#define HV_SVM_INSTRUCTIONS_H

#include <stdint.h>

struct cpuid_result {
	uint32_t eax, ebx, ecx, edx;
};

struct vmcb;

struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf);
uint64_t rdmsr(uint32_t msr);
void wrmsr(uint32_t msr, uint64_t value);
uint64_t rdtsc(void);
void xsetbv(uint32_t index, uint64_t value);
void outb(uint16_t port, uint8_t value);
void outw(uint16_t port, uint16_t value);
void outl(uint16_t port, uint32_t value);
uint8_t inb(uint16_t port);
uint16_t inw(uint16_t port);
uint32_t inl(uint16_t port);
void wbinvd(void);
void clear_debug_addresses(void);
void gif_window(void);

static inline void cpu_relax(void)
{
}

#endif
