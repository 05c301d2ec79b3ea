/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A small guest for a domain: one page at the end of 4 GiB. It enters 64-bit mode, then does what a list at LIST says,
 * and tells the host each result through port REPORT. The host's C code (script.h) writes list and page tables.
 */
#include "domain_layout.h"

#define AT(label) (label - td_guest + GUEST_CODE)

	.section .rodata.td_guest, "a"
	.balign	4096
	.globl td_guest, td_guest_end
	.hidden td_guest, td_guest_end
td_guest:
	.code32
start32:
	mov	$0x660, %eax			/* PAE, MCE, OSFXSR, OSXMMEXCPT */
	mov	%eax, %cr4
	mov	$GUEST_TABLES, %eax
	mov	%eax, %cr3
	mov	%cr0, %eax
	or	$0x80000000, %eax
	mov	%eax, %cr0
	lgdtl	AT(gdtr)
	ljmp	$8, $AT(start64)

	.code64
start64:
	mov	$16, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	$GUEST_STACK, %esp
	mov	$AT(idtr), %eax
	lidt	(%rax)
	mov	$0x80f, %ecx			/* SVR: enabled */
	mov	$0x1ff, %eax
	xor	%edx, %edx
	wrmsr
	mov	$GUEST_LIST, %ebx

/* RBX: the operation. Its number, then registers; results replace them. */
next:
	mov	(%rbx), %rax
	cmp	$OP_TDCALL, %rax
	je	op_tdcall
	cmp	$OP_CPUID, %rax
	je	op_cpuid
	cmp	$OP_RDMSR, %rax
	je	op_rdmsr
	cmp	$OP_WRMSR, %rax
	je	op_wrmsr
	cmp	$OP_LOAD, %rax
	je	op_load
	cmp	$OP_STORE, %rax
	je	op_store
	cmp	$OP_RUN, %rax
	je	op_run
	cmp	$OP_AWAIT, %rax
	je	op_await
	cmp	$OP_HALT, %rax
	je	op_halt
	cmp	$OP_SPIN, %rax
	je	op_spin
	cmp	$OP_FILL, %rax
	je	op_fill
	cmp	$OP_COPY, %rax
	je	op_copy
	cmp	$OP_TIME, %rax
	je	op_time
	cmp	$OP_OTHER, %rax
	je	op_other
	cmp	$OP_HOLD, %rax
	je	op_hold
	cmp	$OP_FIND, %rax
	je	op_find
	cmp	$OP_HAMMER, %rax
	je	op_hammer
	cmp	$OP_USER, %rax
	je	op_user
	cmp	$OP_SEARCH, %rax
	je	op_search
	cmp	$OP_UNALIGNED, %rax
	je	op_unaligned
	hlt					/* the end: the host sees IDLE */
	jmp	next

done:						/* RAX, RDX: what is told */
	mov	%rdx, %r8
	call	report
	mov	%r8, %rax
	call	report
step:
	add	$OP_BYTES, %rbx
	jmp	next

/* Tells RAX, in two halves. Changes R9 to R15, RCX, RAX. */
report:
	mov	%rax, %r9
	call	half
	shr	$32, %r9
half:
	xor	%r10d, %r10d
	mov	$30, %r11d			/* Instruction.IO */
	mov	$4, %r12d
	mov	$1, %r13d			/* write */
	mov	$REPORT_PORT, %r14d
	mov	%r9d, %r15d
	mov	$0xffcc, %ecx
	xor	%eax, %eax
	.byte	0x66, 0x0f, 0x01, 0xcc
	ret

op_tdcall:
	mov	%rbx, %rbp
	mov	0x08(%rbp), %rax
	mov	0x10(%rbp), %rcx
	mov	0x18(%rbp), %rdx
	mov	0x20(%rbp), %r8
	mov	0x28(%rbp), %r9
	mov	0x30(%rbp), %r10
	mov	0x38(%rbp), %r11
	mov	0x40(%rbp), %r12
	mov	0x48(%rbp), %r13
	mov	0x50(%rbp), %r14
	mov	0x58(%rbp), %r15
	.byte	0x66, 0x0f, 0x01, 0xcc
	mov	%rax, 0x08(%rbp)
	mov	%rcx, 0x10(%rbp)
	mov	%rdx, 0x18(%rbp)
	mov	%r8, 0x20(%rbp)
	mov	%r9, 0x28(%rbp)
	mov	%r10, 0x30(%rbp)
	mov	%r11, 0x38(%rbp)
	mov	%r12, 0x40(%rbp)
	mov	%rbp, %rbx
	lea	8(%rbx), %rsi
	mov	$8, %edi
1:	lodsq
	call	report
	dec	%edi
	jnz	1b
	jmp	step

op_cpuid:
	mov	%rbx, %rbp
	mov	8(%rbp), %rax
	mov	16(%rbp), %rcx
	cpuid
	mov	%rbx, %rsi
	mov	%rbp, %rbx
	shl	$32, %rsi
	or	%rsi, %rax			/* EAX, EBX */
	shl	$32, %rdx
	mov	%ecx, %ecx
	or	%rcx, %rdx			/* ECX, EDX */
	jmp	done

op_rdmsr:
	mov	8(%rbx), %ecx
	rdmsr
	shl	$32, %rdx
	or	%rdx, %rax
	xor	%edx, %edx
	jmp	done

op_wrmsr:
	mov	8(%rbx), %ecx
	mov	16(%rbx), %eax
	mov	20(%rbx), %edx
	wrmsr
	xor	%eax, %eax
	xor	%edx, %edx
	jmp	done

op_load:
	mov	8(%rbx), %rax
	mov	(%rax), %rax
	xor	%edx, %edx
	jmp	done

op_store:
	mov	8(%rbx), %rcx
	mov	16(%rbx), %rax
	mov	%rax, (%rcx)
	xor	%edx, %edx
	jmp	done

/* Up to 16 bytes of code in the list, as a function. */
op_run:
	lea	8(%rbx), %rcx
	mov	24(%rbx), %rax
	xor	%edx, %edx
	call	*%rcx
	jmp	done

/* With interrupts on, until one has come; tells how many came before, and the vector. */
op_await:
	sti
1:	pause
	mov	GUEST_SCRATCH + 8, %rax
	test	%rax, %rax
	jz	1b
	cli
	movq	$0, GUEST_SCRATCH + 8
	xor	%edx, %edx
	jmp	done

op_halt:
	sti
	hlt
	cli
	mov	GUEST_SCRATCH + 8, %rax
	movq	$0, GUEST_SCRATCH + 8
	xor	%edx, %edx
	jmp	done

op_copy:
	mov	8(%rbx), %rdi
	mov	16(%rbx), %rsi
	mov	24(%rbx), %ecx
	cld
	rep movsb
	xor	%eax, %eax
	xor	%edx, %edx
	jmp	done

/* The least ticks of 64 times. R12: the least, R13: rounds, R14: the start, R15: RBX. */
op_time:
	mov	%rbx, %r15
	mov	8(%rbx), %rsi
	mov	$-1, %r12
	mov	$64, %r13d
1:	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	mov	%rax, %r14
	mov	$TDX_INFO, %eax
	mov	$0x802, %ecx
	cmp	$TIME_CPUID, %esi
	jb	2f
	je	3f
	cmp	$TIME_RDMSR, %esi
	je	4f
	.byte	0x66, 0x0f, 0x01, 0xcc
	jmp	2f
3:	cpuid
	jmp	2f
4:	rdmsr
2:	rdtsc
	shl	$32, %rdx
	or	%rdx, %rax
	sub	%r14, %rax
	cmp	%rax, %r12
	cmova	%rax, %r12
	dec	%r13d
	jnz	1b
	mov	%r15, %rbx
	mov	%r12, %rax
	xor	%edx, %edx
	jmp	done

op_spin:
	sti				/* Bochs ends no turn by an interrupt without */
1:	pause
	jmp	1b

/* The list of another vCPU than the first goes on elsewhere, and so does its stack. */
op_other:
	mov	$TDX_INFO, %eax
	.byte	0x66, 0x0f, 0x01, 0xcc
	test	%r9, %r9
	jz	step
	mov	$GUEST_STACK - GUEST_STACK_BYTES, %esp
	imul	$OP_BYTES, 8(%rbx), %rbx
	add	$GUEST_LIST, %rbx
	jmp	next

/* XCR0 is RDX. Changes RAX, RCX, RDX. */
enable:
	mov	%cr4, %rax
	or	$0x40000, %eax			/* OSXSAVE */
	mov	%rax, %cr4
	mov	%edx, %eax
	xor	%edx, %edx
	xor	%ecx, %ecx
	xsetbv
	ret

/* Registers that a guest writes without an exit: of 64 bits, of 32. */
.macro each_msr name
	.irp n, 0xc0000100, 0xc0000101, 0xc0000102, 0xc0000081, 0xc0000082, 0xc0000083, 0x175, 0x176
	\name	\n
	.endr
.endm
.macro each_short_msr name
	.irp n, 0xc0000084, 0xc0000103, 0x174
	\name	\n
	.endr
.endm
.macro write_msr n
	mov	$\n, %ecx
	wrmsr
.endm

/* Every register that there is gets a pattern, RAX; RDX: XCR0. */
fill:
	mov	%rax, GUEST_PATTERN
	mov	%rdx, %r8
	call	enable
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movddup	GUEST_PATTERN, %xmm\n
	.endr
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	movq	GUEST_PATTERN, %mm\n
	.endr
	test	$4, %r8d
	jz	1f
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vbroadcastsd GUEST_PATTERN, %ymm\n
	.endr
1:	test	$0xe0, %r8d
	jz	1f
	mov	GUEST_PATTERN, %rax
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7
	kmovq	%rax, %k\n			/* AVX512BW: all CPUs with AVX-512 but Xeon Phi have it */
	.endr
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	vbroadcastsd GUEST_PATTERN, %zmm\n
	.endr
	.irp	n, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	vbroadcastsd GUEST_PATTERN, %zmm\n
	.endr
1:	mov	GUEST_PATTERN, %eax
	mov	GUEST_PATTERN + 4, %edx
	each_msr write_msr
	xor	%edx, %edx
	each_short_msr write_msr
	mov	GUEST_PATTERN, %rax
	.irp	n, 0, 1, 2, 3
	mov	%rax, %dr\n
	.endr
	mov	%rax, %cr2
fill_general:
	mov	GUEST_PATTERN, %rax
	.irp	r, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	mov	%rax, %\r
	.endr
	ret

op_fill:
	mov	8(%rbx), %rax
	mov	16(%rbx), %rdx
	call	fill
	movb	$1, GUEST_FILLED
	jmp	op_spin

/* R8 counts registers that are RSI. */
.macro count_if register
	xor	%ecx, %ecx
	cmp	%rsi, \register
	sete	%cl
	add	%rcx, %r8
.endm
.macro count_register name
	mov	%\name, %rax
	count_if %rax
.endm
.macro count_msr n
	mov	$\n, %ecx
	rdmsr
	shl	$32, %rdx
	or	%rdx, %rax
	count_if %rax
.endm

/* How many words of vector, debug and model-specific registers are RAX? Into RAX. Changes RCX, RDX, RSI, RDI, R8. */
count:
	mov	%rax, %rsi
	mov	$GUEST_XSAVE, %edi
	mov	$GUEST_XSAVE_BYTES / 8, %ecx
	xor	%eax, %eax
	cld
	rep stosq
	mov	$-1, %eax
	mov	$-1, %edx
	xsave64	GUEST_XSAVE
	xor	%r8d, %r8d
	mov	$GUEST_XSAVE, %edi
1:	count_if (%rdi)
	add	$8, %edi
	cmp	$GUEST_XSAVE + GUEST_XSAVE_BYTES, %edi
	jne	1b
	.irp	n, dr0, dr1, dr2, dr3, cr2
	count_register \n
	.endr
	each_msr count_msr
	mov	%esi, %esi
	each_short_msr count_msr
	mov	%r8, %rax
	ret

op_find:
	mov	16(%rbx), %rdx
	call	enable
	mov	8(%rbx), %rax
	call	count
	xor	%edx, %edx
	jmp	done

/* All registers hold a pattern until an interrupt has come. GUEST_HELD: how many, rounds, rounds with a wrong one. */
op_hold:
	push	%rbx
	mov	8(%rbx), %rax
	mov	16(%rbx), %rdx
	call	fill
	call	count
	mov	%rax, GUEST_HELD
	call	fill_general
	sti
1:	incq	GUEST_HELD + 8
	.irp	r, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
	cmp	%rax, %\r
	jne	2f
	.endr
	cmp	%rax, GUEST_PATTERN
	jne	2f
	call	count
	cmp	%rax, GUEST_HELD
	je	3f
2:	incq	GUEST_HELD + 16
3:	call	fill_general
	cmpq	$0, GUEST_SCRATCH + 8
	je	1b
	cli
	pop	%rbx
	movq	$0, GUEST_SCRATCH + 8
	mov	GUEST_HELD + 16, %rax
	mov	GUEST_HELD + 8, %rdx
	jmp	done

/* RAX: words of memory that are the pattern. */
op_search:
	mov	8(%rbx), %rdi
	mov	16(%rbx), %rcx
	add	%rdi, %rcx
	mov	24(%rbx), %rsi
	xor	%eax, %eax
	xor	%edx, %edx
1:	cmp	%rsi, (%rdi)
	sete	%dl
	add	%rdx, %rax
	add	$8, %rdi
	cmp	%rcx, %rdi
	jne	1b
	xor	%edx, %edx
	jmp	done

/* Writes a word until an interrupt has come. */
op_hammer:
	mov	8(%rbx), %rcx
	mov	16(%rbx), %rax
	sti
1:	mov	%rax, (%rcx)
	cmpq	$0, GUEST_SCRATCH + 8
	je	1b
	cli
	movq	$0, GUEST_SCRATCH + 8
	xor	%eax, %eax
	xor	%edx, %edx
	jmp	done

/* At CPL 3, with alignment checked: an access that is not, then UD2. Once in a guest's life. */
op_user:
	mov	%cr0, %rax
	or	$0x40000, %eax			/* AM */
	mov	%rax, %cr0
	movq	$GUEST_STACK, GUEST_TSS + 4
	mov	$40, %eax
	ltr	%ax
	push	$0x1b
	push	$GUEST_STACK - 0x100
	push	$0x40202			/* AC, IF */
	push	$0x23
	mov	$AT(user), %eax
	push	%rax
	iretq
user:
	mov	1(%rsp), %rax
	ud2

/* To 32-bit code: there, below, paging ends, and CPL 3 has a stack that is not aligned, which #AC is delivered on. */
op_unaligned:
	push	$0x38
	mov	$AT(unaligned), %eax
	push	%rax
	lretq

/* Exceptions: the vector is told in place of the results, with CR2 or the #VE's reason and address. */
.macro exception vector, code
	.balign	16
exception_\vector:
	.ifeq	\code
	push	$0
	.endif
	push	$\vector
	jmp	raised
.endm
	exception 1, 0
	exception 6, 0
	exception 8, 1
	exception 13, 1
	exception 14, 1
	exception 17, 1
	exception 20, 0

raised:
	cmpb	$0, GUEST_PERSISTS
	jne	again
	pop	%rdx				/* the vector */
	and	$-GUEST_STACK_BYTES, %rsp
	add	$GUEST_STACK_BYTES, %rsp
	mov	%cr2, %rsi
	cmp	$20, %edx
	jne	1f
	mov	$3, %eax			/* TDG.VP.VEINFO.GET */
	.byte	0x66, 0x0f, 0x01, 0xcc
	mov	%rdx, %rsi			/* qualification */
	shl	$32, %rcx
	lea	20(%rcx), %rdx			/* reason, vector */
1:	mov	$RAISED, %eax
	shl	$32, %rax
	or	%rdx, %rax
	mov	%rsi, %rdx
	mov	$GUEST_SCRATCH, %ecx
	jmp	done
again:
	add	$16, %rsp
	iretq

	.balign	16
interrupt:
	push	%rax
	push	%rcx
	push	%rdx
	incq	GUEST_SCRATCH + 8
	mov	$0x80b, %ecx			/* EOI */
	xor	%eax, %eax
	xor	%edx, %edx
	wrmsr
	pop	%rdx
	pop	%rcx
	pop	%rax
	iretq

	.balign	8
gdt:
	.quad	0
	.quad	0x00af9b000000ffff		/* 64-bit code */
	.quad	0x00cf93000000ffff
	.quad	0x00cff3000000ffff		/* of CPL 3 */
	.quad	0x00affb000000ffff
	.quad	0x0000890000000067 | (GUEST_TSS << 16), 0
	.quad	0x00cf9b000000ffff		/* 32-bit code */
	.quad	0x00cffb000000ffff		/* of CPL 3 */
gdtr:
	.word	gdtr - gdt - 1
	.long	AT(gdt)

	.balign	16
.macro gate handler
	.word	\handler - td_guest + (GUEST_CODE & 0xffff)
	.word	8
	.word	0x8e00
	.word	GUEST_CODE >> 16
	.quad	0
.endm
idt:
	.quad	0, 0
	gate	exception_1
	.rept	4
	.quad	0, 0
	.endr
	gate	exception_6
	.quad	0, 0
	gate	exception_8
	.rept	4
	.quad	0, 0
	.endr
	gate	exception_13
	gate	exception_14
	.rept	2
	.quad	0, 0
	.endr
	gate	exception_17
	.rept	2
	.quad	0, 0
	.endr
	gate	exception_20
/* In the place of vectors that there are not: the page is full. */
	.code32
unaligned:
	mov	%cr0, %eax
	and	$0x7fffffff, %eax
	or	$0x40000, %eax			/* AM */
	mov	%eax, %cr0
	lidtl	AT(idtr32)
	push	$0x1b
	push	$GUEST_STACK - 0x101
	push	$0x40202			/* AC, IF */
	push	$0x43
	push	$AT(unaligned_user)
	iretl
unaligned_user:
	push	%eax
	ud2
gate32:
	.word	unaligned_user - td_guest + (GUEST_CODE & 0xffff)
	.word	0x43
	.word	0x8e00
	.word	GUEST_CODE >> 16
idtr32:
	.word	18 * 8 - 1
	.long	AT(gate32) - 17 * 8
	.code64
	.org	idt - td_guest + GUEST_VECTOR * 16
	gate	interrupt
idt_end:
idtr:
	.word	idt_end - idt - 1
	.quad	AT(idt)

	.org	0xff0
	.code32
	jmp	start32
	.balign	4096
td_guest_end:

	.section .note.GNU-stack, "", @progbits
