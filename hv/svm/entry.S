/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world switch of AMD-V. RSP points into struct entry_frame (frame.h) all the time: 15 guest registers, then the
 * VMCB's address, the host VMCB's, and struct vcpu. The hypervisor maps its region one to one, so a VMCB's physical
 * address is its pointer as well.
 */
#include "svm/vmcb.inc"
#include "vcpu/frame.inc"
#include "x86/stack.inc"

/* RAX: the VMCB. */
.macro switch_worlds
	pop_registers GUEST_REGISTERS
	vmload
	vmrun
	vmsave
	push_registers GUEST_REGISTERS
.endm

	.section .text.svm_run, "ax"
	.globl svm_run
	.hidden svm_run
svm_run:
	mov	%rdi, %rsp
1:	mov	FRAME_GUEST_CONTROL(%rsp), %rax
	mov	FRAME_RAX(%rsp), %rcx
	mov	%rcx, VMCB_RAX(%rax)
	switch_worlds
	mov	VMCB_RAX(%rax), %rcx
	mov	%rcx, FRAME_RAX(%rsp)
	mov	FRAME_HOST_CONTROL(%rsp), %rax
	vmload
	mov	FRAME_VCPU(%rsp), %rdi
	cld
	call	svm_exit
	jmp	1b

/*
 * The same for a domain, whose frame is a part of its vCPU, and whose VMCB is seen in a window: svm_guest_exit() moves
 * RAX. False: the root guest's turn, whose frame is where the stack is empty.
 */
	.globl svm_run_guest
	.hidden svm_run_guest
svm_run_guest:
	mov	%rdi, %rsp
2:	mov	FRAME_GUEST_CONTROL(%rsp), %rax
	switch_worlds
	mov	FRAME_HOST_CONTROL(%rsp), %rax
	vmload
	mov	FRAME_VCPU(%rsp), %rdi
	mov	%rsp, %rbx
	mov	FRAME_STACK(%rsp), %rsp
	cld
	call	svm_guest_exit
	test	%al, %al
	jz	1b
	mov	%rbx, %rsp
	jmp	2b

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
	.irp	register, GUEST_REGISTERS, rax
	mov	at(%rax), %\register
	.set	at, at + 8
	.endr
	stgi
	nop
	clgi
	xchg	%rax, (%rsp)
	.set	at, 0
	.irp	register, GUEST_REGISTERS
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
