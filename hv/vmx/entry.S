/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world switch of VT-x. An exit finds RSP (HOST_RSP) behind the 15 guest registers of struct entry_frame (cpu.h);
 * behind them stand two words that only AMD-V uses, and struct cpu.
 */
#define FRAME_CPU     (17 * 8)
#define REGISTERS     (15 * 8)

.macro restore_guest
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rbp
	pop	%rbx
	pop	%rdx
	pop	%rcx
	pop	%rax
.endm

	.section .text.vmx_launch, "ax"
	.globl vmx_launch
	.hidden vmx_launch
vmx_launch:
	mov	%rdi, %rsp
	restore_guest
	vmlaunch
	jmp	1f

	.globl vmx_exit_entry
	.hidden vmx_exit_entry
vmx_exit_entry:
	push	%rax
	push	%rcx
	push	%rdx
	push	%rbx
	push	%rbp
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	FRAME_CPU(%rsp), %rdi
	call	vmx_exit
	restore_guest
	vmresume
1:	mov	(FRAME_CPU - REGISTERS)(%rsp), %rdi
	sub	$8, %rsp		/* the stack is aligned at a call */
	call	vmx_entry_failed

	.section .note.GNU-stack, "", @progbits
