/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The registers that the test programs name, and the instructions that the hypervisor itself has no use for. These
 * wrappers are for accesses that must work; an access that may fault goes through attempt() (trap.h).
 */
#ifndef RT_X86_H
#define RT_X86_H

#include "hv/x86/instructions.h"

#define RFLAGS_TF (1ul << 8)
#define RFLAGS_IF (1ul << 9)
#define RFLAGS_AC (1ul << 18)

#define CR0_PE (1ul << 0)
#define CR0_AM (1ul << 18)
#define CR0_NW (1ul << 29)
#define CR0_CD (1ul << 30)

#define CR4_TSD        (1ul << 2)
#define CR4_DE         (1ul << 3)
#define CR4_PAE        (1ul << 5)
#define CR4_MCE        (1ul << 6)
#define CR4_OSFXSR     (1ul << 9)
#define CR4_OSXMMEXCPT (1ul << 10)
#define CR4_VMXE       (1ul << 13)
#define CR4_SMXE       (1ull << 14)
#define CR4_FSGSBASE   (1ul << 16)
#define CR4_OSXSAVE    (1ul << 18)
#define CR4_PKE        (1ul << 22)

#define MSR_APIC_BASE       0x0000001bu
#define MSR_PAT             0x00000277u
#define MSR_X2APIC_ID       0x00000802u
#define MSR_X2APIC_EOI      0x0000080bu
#define MSR_X2APIC_LDR      0x0000080du
#define MSR_X2APIC_SIVR     0x0000080fu
#define MSR_X2APIC_ICR      0x00000830u
#define MSR_X2APIC_SELF_IPI 0x0000083fu
#define MSR_EFER            0xc0000080u
#define MSR_GS_BASE         0xc0000101u

#define APIC_BASE_X2APIC (1ul << 10)
#define APIC_BASE_ENABLE (1ul << 11)

#define EFER_LME  (1ul << 8)
#define EFER_NXE  (1ul << 11)
#define EFER_SVME (1ul << 12)

enum vector { VEC_DB = 1, VEC_NMI = 2, VEC_BP = 3, VEC_UD = 6, VEC_DF = 8, VEC_GP = 13, VEC_PF = 14, VEC_AC = 17 };

/* Error code of #PF (APM volume 2, section 8.4.2). */
#define PF_PRESENT  1u
#define PF_WRITE    2u
#define PF_USER     4u
#define PF_RESERVED 8u

#define RT_REGISTER_READ(name)                                         \
	static inline uint64_t read_##name(void)                       \
	{                                                              \
		uint64_t value;                                        \
                                                                       \
		__asm__ volatile("mov %%" #name ", %0" : "=r"(value)); \
		return value;                                          \
	}

#define RT_REGISTER_WRITE(name)                                                 \
	static inline void write_##name(uint64_t value)                         \
	{                                                                       \
		__asm__ volatile("mov %0, %%" #name : : "r"(value) : "memory"); \
	}

RT_REGISTER_READ(dr0)
RT_REGISTER_READ(dr3)
RT_REGISTER_WRITE(cr3)
RT_REGISTER_WRITE(dr0)
RT_REGISTER_WRITE(dr3)
RT_REGISTER_WRITE(dr7)
RT_REGISTER_WRITE(cr8)

static inline void interrupts_on(void)
{
	__asm__ volatile("sti" : : : "memory");
}

static inline void interrupts_off(void)
{
	__asm__ volatile("cli" : : : "memory");
}

#endif
