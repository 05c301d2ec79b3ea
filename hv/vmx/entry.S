/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world switch of VT-x. An exit finds RSP (HOST_RSP) behind the 15 guest registers of struct entry_frame (cpu.h);
 * behind them stand two words that only AMD-V uses, and struct cpu.
 */
#include "vcpu/frame.inc"

#define REGISTERS (15 * 8)

	.section .text.vmx_launch, "ax"
	.globl vmx_launch
	.hidden vmx_launch
vmx_launch:
	mov	%rdi, %rsp
	pop_guest_registers
	pop	%rax
	vmlaunch
	jmp	1f

	.globl vmx_exit_entry
	.hidden vmx_exit_entry
vmx_exit_entry:
	push	%rax
	push_guest_registers
	mov	FRAME_CPU(%rsp), %rdi
	call	vmx_exit
	pop_guest_registers
	pop	%rax
	vmresume
1:	mov	(FRAME_CPU - REGISTERS)(%rsp), %rdi
	sub	$8, %rsp		/* the stack is aligned at a call */
	call	vmx_entry_failed

	.section .note.GNU-stack, "", @progbits
