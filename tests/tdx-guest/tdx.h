/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TDCALL with every general register, as the guest executes it and finds them afterwards. */
#ifndef TDX_GUEST_TDX_H
#define TDX_GUEST_TDX_H

#include "cpu.h"
#include "tdx/abi.h"
#include "trap.h"

/* R10 to R15 go to the VMM, and come back. */
#define PASS_R10_TO_R15 0xfc00ull

/* Executes TDCALL with these registers: RAX is the leaf and then its status. An exception ends the suite. */
struct gprs tdcall_with(struct gprs registers);

/* A leaf of the module; 0 for what it does not take. */
struct gprs tdcall(uint64_t leaf, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9);

/* TDG.VP.VMCALL of a sub-function: R10 is then its status. The module takes the call itself, or the suite ends. */
struct gprs vmcall(uint64_t function, uint64_t r12, uint64_t r13, uint64_t r14, uint64_t r15);

/* The bit of an address that means shared memory; 0 before it is known. */
extern uint64_t shared_bit;

/*
 * From here on a #VE of a vCPU that no test is about is a call of the VMM, as in any TDX guest: RDMSR, WRMSR, CPUID and
 * HLT, which Intel's module does not always complete (TDX module base specification, "#VE").
 */
void ve_handle_on(struct cpu *cpu);

/* RFLAGS that the last exception of an attempt has put on the stack. */
extern uint64_t trapped_rflags;

#endif
