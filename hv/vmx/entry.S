/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world switch of VT-x. An exit finds RSP (HOST_RSP) after the 15 guest registers of struct entry_frame (frame.h);
 * two words that only AMD-V uses follow, struct vcpu, and the stack. An entry that failed finds RSP there, unchanged.
 */
#include "vcpu/frame.inc"
#include "x86/stack.inc"

	.section .text.vmx_enter, "ax"
	.globl vmx_enter
	.hidden vmx_enter
vmx_enter:
	mov	%rdi, %rsp
	jmp	2f

	.globl vmx_exit_entry
	.hidden vmx_exit_entry
vmx_exit_entry:
	push	%rax
	push_registers GUEST_REGISTERS
	mov	FRAME_VCPU(%rsp), %rdi
	call	vmx_exit
2:	pop_registers GUEST_REGISTERS
	pop	%rax
	vmresume
1:	sub	$FRAME_GUEST_CONTROL, %rsp
	mov	FRAME_VCPU(%rsp), %rdi
	mov	%rsp, %rbx
	mov	FRAME_STACK(%rsp), %rsp
	call	vmx_entry_failed
	mov	%rbx, %rsp
	pop_registers GUEST_REGISTERS
	pop	%rax
	vmlaunch
	jmp	1b

	.section .note.GNU-stack, "", @progbits
