/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world switch of AMD-V. RSP points into struct entry_frame (cpu.h) all the time: 15 guest registers, then the
 * VMCB's address, the host VMCB's, and struct cpu. The hypervisor maps its region one to one, so that a VMCB's physical
 * address is its pointer as well.
 */
#include "vcpu/frame.inc"

#define FRAME_RAX          (14 * 8)
#define FRAME_GUEST_VMCB   (15 * 8)
#define FRAME_HOST_VMCB    (16 * 8)
#define VMCB_RAX           0x5f8

	.section .text.svm_run, "ax"
	.globl svm_run
	.hidden svm_run
svm_run:
	mov	%rdi, %rsp
1:	mov	FRAME_GUEST_VMCB(%rsp), %rax
	mov	FRAME_RAX(%rsp), %rcx
	mov	%rcx, VMCB_RAX(%rax)
	pop_guest_registers
	vmload
	vmrun
	vmsave
	push_guest_registers
	mov	VMCB_RAX(%rax), %rcx
	mov	%rcx, FRAME_RAX(%rsp)
	mov	FRAME_HOST_VMCB(%rsp), %rax
	vmload
	mov	FRAME_CPU(%rsp), %rdi
	cld
	call	svm_exit
	jmp	1b

/* void svm_window(struct entry_frame *frame). RSP stays the hypervisor's: exceptions come here, too. */
	.section .text.svm_window, "ax"
	.globl svm_window
	.hidden svm_window
svm_window:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	push	%rdi
	mov	%rdi, %rax
	.set	at, 0
	.irp	register, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax
	mov	at(%rax), %\register
	.set	at, at + 8
	.endr
	stgi
	nop
	clgi
	xchg	%rax, (%rsp)
	.set	at, 0
	.irp	register, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx
	mov	%\register, at(%rax)
	.set	at, at + 8
	.endr
	pop	%rcx
	mov	%rcx, FRAME_RAX(%rax)
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	cld
	ret

	.section .note.GNU-stack, "", @progbits
