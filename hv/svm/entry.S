/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world switch of AMD-V. RSP points into struct entry_frame (cpu.h) all the time: 15 guest registers, then the
 * VMCB's address, the host VMCB's, and struct cpu. The hypervisor maps its region one to one, so that a VMCB's physical
 * address is its pointer as well.
 */
#define FRAME_RAX          (14 * 8)
#define FRAME_GUEST_VMCB   (15 * 8)
#define FRAME_HOST_VMCB    (16 * 8)
#define FRAME_CPU          (17 * 8)
#define VMCB_RAX           0x5f8

	.section .text.svm_run, "ax"
	.globl svm_run
	.hidden svm_run
svm_run:
	mov	%rdi, %rsp
1:	mov	FRAME_GUEST_VMCB(%rsp), %rax
	mov	FRAME_RAX(%rsp), %rcx
	mov	%rcx, VMCB_RAX(%rax)
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
	vmload
	vmrun
	vmsave
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
	mov	VMCB_RAX(%rax), %rcx
	mov	%rcx, FRAME_RAX(%rsp)
	mov	FRAME_HOST_VMCB(%rsp), %rax
	vmload
	mov	FRAME_CPU(%rsp), %rdi
	cld
	call	svm_exit
	jmp	1b

	.section .note.GNU-stack, "", @progbits
