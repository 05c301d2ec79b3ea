/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TDCALL: what a guest asks of the hypervisor (docs/guest-abi.md, sections 3 to 6). */
#ifndef CLOISTER_DOMAIN_TDCALL_H
#define CLOISTER_DOMAIN_TDCALL_H

#include "memory.h"
#include "vcpu.h"

/* Length of the instruction. */
#define TDCALL_BYTES  4u
#define TDCALL_OPCODE 0xcc010f66u /* the first byte lowest */

/* Executes the leaf in RAX, and completes the instruction, or leaves it to be repeated. CPL 0, 64-bit code. */
void tdcall(struct td_vcpu *vcpu);

/**
 * TDG.VP.VMCALL (vmcall.c). It completes the instruction itself.
 */
void vmcall(struct td_vcpu *vcpu);

/* Is it an answer on which the host has to act? Then the vCPU is left, and its instruction is repeated. */
bool tdcall_needs_host(struct td_vcpu *vcpu, enum memory_answer answer, gpa_t address);

#endif
