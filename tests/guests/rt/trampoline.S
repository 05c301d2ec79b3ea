/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * First code of a started CPU, copied to a page below 1 MiB: records the state after INIT and SIPI (struct
 * start_state, cpu.h), makes a hypercall if it is to (struct start_call), then goes to 64-bit mode. The parameters at
 * the page's end are filled in by cpu.c.
 */
#define STATE   0xf00
#define CALL    0xf50
#define ANSWER  0xf64
#define GDTR    0xf80
#define CR3     0xf88
#define CPU     0xf90
#define STACK   0xf98
#define ENTRY   0xfa0
#define FAR_PTR 0xfa8
#define GDT     0xfb0
#define STACK16 0xf00

#define CR0_PG_PE      0x80000001
#define CR4_PAE        0x20
#define MSR_EFER       0xc0000080
#define EFER_LME_NXE   0x900

	.section .rodata
	.globl	trampoline, trampoline_end
	.hidden	trampoline, trampoline_end
	.code16
trampoline:
	movl	%eax, %cs:STATE + 0
	movl	%ebx, %cs:STATE + 4
	movl	%ecx, %cs:STATE + 8
	movl	%edx, %cs:STATE + 12
	movl	%esi, %cs:STATE + 16
	movl	%edi, %cs:STATE + 20
	movl	%ebp, %cs:STATE + 24
	movl	%esp, %cs:STATE + 28
	movw	%cs, %cs:STATE + 34
	movw	%ds, %cs:STATE + 36
	movw	%es, %cs:STATE + 38
	movw	%fs, %cs:STATE + 40
	movw	%gs, %cs:STATE + 42
	movw	%ss, %cs:STATE + 44
	movw	%cs, %ax
	movw	%ax, %ds
	movw	%ax, %ss
	movw	$STACK16, %sp
	pushfl
	popl	STATE + 48
	call	1f
1:	popw	%ax
	subw	$(1b - trampoline), %ax		/* 0 if IP was 0 at the first instruction */
	movw	%ax, STATE + 32
	movl	%cr0, %eax
	movl	%eax, STATE + 52
	movl	%cr2, %eax
	movl	%eax, STATE + 56
	movl	%cr3, %eax
	movl	%eax, STATE + 60
	movl	%cr4, %eax
	movl	%eax, STATE + 64
	movl	%dr6, %eax
	movl	%eax, STATE + 68
	movl	%dr7, %eax
	movl	%eax, STATE + 72
	movl	$MSR_EFER, %ecx
	rdmsr
	movl	%eax, STATE + 76

	movl	CALL + 0, %eax
	movl	CALL + 4, %edi
	movl	CALL + 8, %esi
	movl	CALL + 12, %edx
	movl	CALL + 16, %ecx
	.globl	trampoline_call
	.hidden	trampoline_call
trampoline_call:			/* a hypercall's place (cpu.c) */
	nop
	nop
	nop
	movl	%eax, ANSWER + 0
	movl	%edi, ANSWER + 4
	movl	%esi, ANSWER + 8
	movl	%edx, ANSWER + 12
	movl	%ecx, ANSWER + 16

	lgdtl	GDTR
	movl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	CR3, %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	movl	$EFER_LME_NXE, %eax
	xorl	%edx, %edx
	wrmsr
	xorl	%ebx, %ebx
	movw	%cs, %bx
	shll	$4, %ebx
	movl	$CR0_PG_PE, %eax
	movl	%eax, %cr0
	ljmpl	*FAR_PTR

	.code64
	.globl	trampoline_long
	.hidden	trampoline_long
trampoline_long:
	xorl	%eax, %eax
	movl	%eax, %ss
	movl	%ebx, %ebx
	movq	CPU(%rbx), %rdi
	movq	STACK(%rbx), %rsp
	call	*ENTRY(%rbx)
trampoline_end:

	.section .note.GNU-stack, "", @progbits
