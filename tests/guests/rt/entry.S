/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entry of exceptions and interrupts, and of attempts (trap.h). Offsets are those of struct cpu. */
#define ATTEMPT_RSP  8
#define ATTEMPT_REGS 16

	.text

/* 256 stubs of 16 bytes: push a zero where the CPU pushes no error code, push the vector. */
	.globl	trap_stubs
	.hidden	trap_stubs
	.balign	16
trap_stubs:
	vector = 0
	.rept	256
	.balign	16
	.if	(vector != 8) && ((vector < 10) || (vector > 14)) && (vector != 17) && (vector != 21)
	pushq	$0
	.endif
	pushq	$vector
	jmp	trap_entry
	vector = vector + 1
	.endr

trap_entry:
	push	%r15
	push	%r14
	push	%r13
	push	%r12
	push	%r11
	push	%r10
	push	%r9
	push	%r8
	push	%rbp
	push	%rdi
	push	%rsi
	push	%rdx
	push	%rcx
	push	%rbx
	push	%rax
	cld
	mov	%rsp, %rdi
	mov	%rsp, %rbp
	and	$-16, %rsp
	call	trap
	mov	%rbp, %rsp
	pop	%rax
	pop	%rbx
	pop	%rcx
	pop	%rdx
	pop	%rsi
	pop	%rdi
	pop	%rbp
	pop	%r8
	pop	%r9
	pop	%r10
	pop	%r11
	pop	%r12
	pop	%r13
	pop	%r14
	pop	%r15
	add	$16, %rsp
	iretq

.macro	SAVE_CALLER
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, %gs:ATTEMPT_RSP
	mov	%rsi, %gs:ATTEMPT_REGS
.endm

/* Loads every register of struct gprs from %rsi. */
.macro	LOAD_GPRS
	mov	0(%rsi), %rax
	mov	8(%rsi), %rbx
	mov	16(%rsi), %rcx
	mov	24(%rsi), %rdx
	mov	40(%rsi), %rdi
	mov	48(%rsi), %rbp
	mov	56(%rsi), %r8
	mov	64(%rsi), %r9
	mov	72(%rsi), %r10
	mov	80(%rsi), %r11
	mov	88(%rsi), %r12
	mov	96(%rsi), %r13
	mov	104(%rsi), %r14
	mov	112(%rsi), %r15
	mov	32(%rsi), %rsi
.endm

/* void attempt_cpl0(const void *code, struct gprs *regs) */
	.globl	attempt_cpl0
	.hidden	attempt_cpl0
attempt_cpl0:
	SAVE_CALLER
	push	%rsi
	push	%rdi
	LOAD_GPRS
	call	*(%rsp)
	push	%rax
	mov	16(%rsp), %rax
	mov	%rbx, 8(%rax)
	mov	%rcx, 16(%rax)
	mov	%rdx, 24(%rax)
	mov	%rsi, 32(%rax)
	mov	%rdi, 40(%rax)
	mov	%rbp, 48(%rax)
	mov	%r8, 56(%rax)
	mov	%r9, 64(%rax)
	mov	%r10, 72(%rax)
	mov	%r11, 80(%rax)
	mov	%r12, 88(%rax)
	mov	%r13, 96(%rax)
	mov	%r14, 104(%rax)
	mov	%r15, 112(%rax)
	pop	(%rax)
	add	$16, %rsp
	jmp	attempt_resume

/* void attempt_user(const void *code, struct gprs *regs, uint64_t stack, uint32_t cs, uint32_t ss) */
	.globl	attempt_user
	.hidden	attempt_user
attempt_user:
	SAVE_CALLER
	lea	user_return(%rip), %rax
	mov	%rax, -16(%rdx)
	sub	$16, %rdx
	push	%r8
	push	%rdx
	push	$2
	push	%rcx
	push	%rdi
	LOAD_GPRS
	iretq

user_return:
	int	$0x80

/* Where trap() sends a CPU whose attempt ended in an exception. */
	.globl	attempt_resume
	.hidden	attempt_resume
attempt_resume:
	cld
	movq	$0, %gs:ATTEMPT_RSP
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

	.section .note.GNU-stack, "", @progbits
