/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loader's way in (cpu_launch), and the exception stubs of the hypervisor. */
#define CR0_HOST 0x80010033 /* PG, WP, NE, ET, MP, PE */
#define CR4_HOST 0x00340060 /* SMAP, SMEP, OSXSAVE, MCE, PAE */
#define CR4_VMXE 0x00002000 /* stays set from VMXON on (SDM 3C 23.8) */

	.text

/*
 * enum hv_error cpu_launch(uint32_t index): on the firmware's stack and tables. Pushes struct launch_frame (vcpu.h),
 * which says where the root guest goes on: behind this call, with RAX = 0. Then it leaves the firmware's stack and
 * tables for good. On an error it returns that, with nothing changed.
 */
	.globl cpu_launch
	.hidden cpu_launch
cpu_launch:
	mov	%rsp, %rax
	lea	8(%rax), %rcx		/* RSP behind the return */
	push	%rcx
	push	(%rax)			/* RIP */
	pushfq
	cli
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, %rsi
	call	cpu_launch_capture	/* RAX: struct entry_frame or 0, RDX: CR3 or the error */
	test	%rax, %rax
	jz	1f
	mov	%rdx, %cr3
	mov	$CR0_HOST, %ecx
	mov	%rcx, %cr0
	mov	%cr4, %rcx
	and	$CR4_VMXE, %ecx
	or	$CR4_HOST, %ecx
	mov	%rcx, %cr4
	mov	%rax, %rsp
	mov	%rax, %rdi
	call	cpu_launch_run
1:	mov	%edx, %eax
	add	$48, %rsp		/* callee-saved registers: untouched */
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

/* One stub of 16 bytes for each exception; struct exception_frame (descriptors.h) is what host_exception() gets. */
	.balign 16
	.globl exception_stubs
	.hidden exception_stubs
exception_stubs:
	.set	vector, 0
	.rept	32
	.balign	16
	.if	(1 << vector) & 0x60227d00 == 0	/* no error code: not 8, 10-14, 17, 21, 29, 30 */
	push	$0
	.endif
	push	$vector
	jmp	exception_common
	.set	vector, vector + 1
	.endr

exception_common:
	push	%rax
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	mov	%rsp, %rdi
	cld
	call	host_exception
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	iretq

	.section .note.GNU-stack, "", @progbits
