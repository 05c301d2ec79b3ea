/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loader's way in (cpu_launch). */
#include "machine/host.inc"
#include "vcpu/frame.inc"
#include "x86/stack.inc"

	.text

/*
 * enum hv_error cpu_launch(uint32_t index): on the firmware's stack and tables. Pushes struct launch_frame (frame.h),
 * which says where the root guest goes on: after this call, with RAX = 0. Then it leaves the firmware's stack and
 * tables for good. On an error it returns that, with nothing changed.
 */
	.globl cpu_launch
	.hidden cpu_launch
cpu_launch:
	mov	%rsp, %rax
	lea	8(%rax), %rcx		/* RSP after the return */
	push	%rcx
	push	(%rax)			/* RIP */
	pushfq
	cli
	push_registers LAUNCH_REGISTERS
	mov	%rsp, %rsi
	call	cpu_launch_capture	/* RAX: struct entry_frame or 0, RDX: CR3 or the error */
	test	%rax, %rax
	jz	1f
	mov	%rdx, %cr3
	mov	$CR0_HOST, %ecx
	mov	%rcx, %cr0
	mov	%cr4, %rcx
	and	$CR4_KEPT, %ecx
	or	$CR4_HOST, %ecx
	mov	%rcx, %cr4
	mov	%rax, %rsp
	mov	%rax, %rdi
	call	cpu_launch_run
1:	mov	%edx, %eax
	add	$LAUNCH_RFLAGS, %rsp	/* callee-saved registers: untouched */
	popfq
	add	$16, %rsp
	ret

/* enum hv_error make_key_on_stack(machine, top): make_key(machine). RBP keeps the caller's stack. */
	.globl make_key_on_stack
	.hidden make_key_on_stack
make_key_on_stack:
	push	%rbp
	mov	%rsp, %rbp
	mov	%rsi, %rsp
	call	make_key
	mov	%rbp, %rsp
	pop	%rbp
	ret

	.section .note.GNU-stack, "", @progbits
