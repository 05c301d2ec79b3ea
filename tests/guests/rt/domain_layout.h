/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a small guest has what (domain_guest.S), for C and assembler. */
#ifndef RT_DOMAIN_LAYOUT_H
#define RT_DOMAIN_LAYOUT_H

#define GUEST_CODE    0xfffff000
#define GUEST_TABLES  0x1000 /* top; then two directories of pointers, of pages */
#define GUEST_LIST    0x6000 /* operations: one page */
#define GUEST_SCRATCH 0x7000 /* counts interrupts at its second word */
#define GUEST_STACK   0x9000 /* its end */
#define GUEST_VECTOR  0x40

/* What it asks for, of the leaf MR.REPORT: the lower part of the stack's page; its data, behind the operations. */
#define GUEST_REPORT      0x8000
#define GUEST_REPORT_DATA (GUEST_LIST + 0xf00)

/* In the page of scratch: what registers are filled with; is an exception not told, but has its instruction again? */
#define GUEST_PATTERN  (GUEST_SCRATCH + 0x10)
#define GUEST_PERSISTS (GUEST_SCRATCH + 0x18)
#define GUEST_HELD     (GUEST_SCRATCH + 0x20)
#define GUEST_TSS      (GUEST_SCRATCH + 0x80)

/* The stack of each vCPU; below it the first one saves its vector state. */
#define GUEST_STACK_BYTES 0x200
#define GUEST_XSAVE       (GUEST_STACK - 0x1000)
#define GUEST_XSAVE_BYTES 0xa88

/*
 * Linear addresses: RAM one to one, of 4 MiB; from here on shared addresses: from 0 on, of a device, from 2 MiB on; 2
 * MiB each.
 */
#define GUEST_SHARED       0x40000000
#define GUEST_FILLED       (GUEST_SHARED + 0x100000)
#define GUEST_SHARED_LARGE 0x400000 /* beyond it */

#define REPORT_PORT 0x510
#define RAISED      0xe0

/* Operations: a number, then what it needs. Results are two words, of TDCALL eight. */
#define OP_BYTES     0x60
#define OP_END       0
#define OP_TDCALL    1 /* RAX, RCX, RDX, R8 to R15 -> RAX, RCX, RDX, R8 to R12 */
#define OP_CPUID     2 /* EAX, ECX -> EAX | EBX << 32, ECX | EDX << 32 */
#define OP_RDMSR     3 /* ECX -> value */
#define OP_WRMSR     4 /* ECX, value */
#define OP_LOAD      5 /* address -> value */
#define OP_STORE     6 /* address, value */
#define OP_RUN       7 /* 16 bytes of code, RAX -> RAX, RDX */
#define OP_AWAIT     8 /* -> interrupts */
#define OP_HALT      9 /* -> interrupts */
#define OP_SPIN      10
#define OP_FILL      11 /* pattern, XCR0; then GUEST_FILLED is 1, which has to be shared */
#define OP_COPY      12 /* to, from, bytes */
#define OP_TIME      13 /* TIME_* -> TSC ticks of one, at the least */
#define OP_OTHER     14 /* the operation at which other vCPUs go on; no result */
#define OP_HOLD      15 /* pattern, XCR0 -> rounds with a wrong register, rounds */
#define OP_FIND      16 /* pattern, XCR0 -> words of registers that are the pattern */
#define OP_HAMMER    17 /* address, value */
#define OP_USER      18 /* -> RAISED, of #AC or #UD */
#define OP_SEARCH    19 /* address, bytes, pattern -> words that are the pattern */
#define OP_UNALIGNED 20 /* #AC, whose delivery is the next one's cause; no result */

#define TIME_NOTHING 0
#define TIME_CPUID   1
#define TIME_RDMSR   2 /* the x2APIC ID */
#define TIME_TDCALL  3 /* TDG.VP.INFO */
#define TDX_INFO     1

#endif
