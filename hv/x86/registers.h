/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Architectural bits of control registers, flags and exceptions (SDM volume 3, APM volume 2). */
#ifndef CLOISTER_X86_REGISTERS_H
#define CLOISTER_X86_REGISTERS_H

#include <stdbool.h>
#include <stdint.h>

#define CR0_PE (1ull << 0)
#define CR0_MP (1ull << 1)
#define CR0_ET (1ull << 4)
#define CR0_NE (1ull << 5)
#define CR0_WP (1ull << 16)
#define CR0_NW (1ull << 29)
#define CR0_CD (1ull << 30)
#define CR0_PG (1ull << 31)

#define CR4_PAE     (1ull << 5)
#define CR4_MCE     (1ull << 6)
#define CR4_LA57    (1ull << 12)
#define CR4_VMXE    (1ull << 13)
#define CR4_PCIDE   (1ull << 17)
#define CR4_OSXSAVE (1ull << 18)
#define CR4_SMXE    (1ull << 14)
#define CR4_SMEP    (1ull << 20)
#define CR4_SMAP    (1ull << 21)
#define CR4_PKE     (1ull << 22)
#define CR4_CET     (1ull << 23)

#define CR4_MIRRORED (CR4_OSXSAVE | CR4_PKE) /* what CPUID shows, in leaves 1 and 7 */

#define RFLAGS_FIXED (1ull << 1)
#define RFLAGS_TF    (1ull << 8)

#define DR6_INIT        0xffff0ff0ull
#define DR6_BS          (1ull << 14)
#define DR6_BREAKPOINTS 0xfull
#define DR7_INIT        0x400ull

enum vector {
	VECTOR_DE = 0,
	VECTOR_DB = 1,
	VECTOR_NMI = 2,
	VECTOR_UD = 6,
	VECTOR_DF = 8,
	VECTOR_TS = 10,
	VECTOR_GP = 13,
	VECTOR_PF = 14,
	VECTOR_AC = 17,
	VECTOR_MC = 18,
	VECTOR_CP = 21,
	VECTOR_SX = 30,
};

/* Without APX and what comes after it. Supervisor state is XSS's. */
#define XCR0_KNOWN  0x602ffu
#define XCR0_X87    (1ull << 0)
#define XCR0_SSE    (1ull << 1)
#define XCR0_AVX    (1ull << 2)
#define XCR0_MPX    (3ull << 3)
#define XCR0_AVX512 (7ull << 5) /* opmask, both parts of ZMM */
#define XCR0_AMX    (3ull << 17)

/* Does XSETBV take @value, of components in @allowed? Some go together (SDM 1 13.3). */
static inline bool xcr0_valid(uint64_t value, uint64_t allowed)
{
	const uint64_t avx512 = value & XCR0_AVX512, mpx = value & XCR0_MPX, amx = value & XCR0_AMX;

	return (value & ~allowed) == 0 && (value & XCR0_X87) != 0 &&
	       ((value & XCR0_AVX) == 0 || (value & XCR0_SSE) != 0) &&
	       (avx512 == 0 || (avx512 == XCR0_AVX512 && (value & XCR0_AVX) != 0)) && (mpx == 0 || mpx == XCR0_MPX) &&
	       (amx == 0 || amx == XCR0_AMX);
}

#endif
