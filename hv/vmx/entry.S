/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world switch of VT-x. An exit finds RSP (HOST_RSP) after the 15 guest registers of struct entry_frame (frame.h);
 * two words that only AMD-V uses follow, and struct vcpu.
 */
#include "vcpu/frame.inc"
#include "x86/stack.inc"

	.section .text.vmx_launch, "ax"
	.globl vmx_launch
	.hidden vmx_launch
vmx_launch:
	mov	%rdi, %rsp
	pop_registers GUEST_REGISTERS
	pop	%rax
	vmlaunch
	jmp	1f

	.globl vmx_exit_entry
	.hidden vmx_exit_entry
vmx_exit_entry:
	push	%rax
	push_registers GUEST_REGISTERS
	mov	FRAME_VCPU(%rsp), %rdi
	call	vmx_exit
	pop_registers GUEST_REGISTERS
	pop	%rax
	vmresume
1:	mov	(FRAME_VCPU - FRAME_GUEST_CONTROL)(%rsp), %rdi
	sub	$8, %rsp		/* the stack is aligned at a call */
	call	vmx_entry_failed

	.section .note.GNU-stack, "", @progbits
