/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All vCPUs start at the reset vector, in 32-bit protected mode without paging (docs/guest-abi.md, section 9): ESI is
 * the vCPU's index, EBX the width of the guest's addresses. The first goes to guest_main; the others wait in the
 * mailbox's loop for the kernel (ACPI 6.5, 5.2.12.19).
 */
#include "layout.h"

#define CR0_PG   0x80000000
#define CR4_PAE  0x20
#define CODE_SEL 0x10 /* Linux' __BOOT_CS and __BOOT_DS */
#define DATA_SEL 0x18
#define TABLE    0x63 /* present, writable, accessed, dirty */
#define LEAF     0xe3 /* the same, 1 GiB */

#define MAILBOX_WAKE    1
#define MAILBOX_COMMAND 0
#define MAILBOX_APIC_ID 4
#define MAILBOX_VECTOR  8

	.section .reset, "ax"
	.code32
	jmp	start
	.balign	16, 0

	.text
	.globl	start
start:
	lgdt	gdt_pointer
	movl	%cr4, %eax
	orl	$CR4_PAE, %eax
	movl	%eax, %cr4
	movl	$page_map, %eax
	movl	%eax, %cr3
	movl	%cr0, %eax
	orl	$CR0_PG, %eax
	movl	%eax, %cr0
	ljmp	$CODE_SEL, $long_mode

	.code64
long_mode:
	movl	$DATA_SEL, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	testl	%esi, %esi
	jnz	wait_for_kernel
	leaq	stack_top(%rip), %rsp
	movl	%ebx, %edi
	andl	$0x3f, %edi
	call	guest_main
	ud2

/* No stack from here on. The x2APIC ID is EDX of CPUID's leaf 0BH; EBX and ECX are lost. */
wait_for_kernel:
	movl	$0xb, %eax
	xorl	%ecx, %ecx
	cpuid
	imull	$MADT_CPU_BYTES, %esi, %esi
	leaq	madt_cpus(%rip), %rax
	movl	%edx, MADT_CPU_ID(%rax, %rsi)
	lock incl cpus_waiting(%rip)
	leaq	mailbox(%rip), %rbx
0:	pause
	cmpw	$MAILBOX_WAKE, MAILBOX_COMMAND(%rbx)
	jne	0b
	cmpl	%edx, MAILBOX_APIC_ID(%rbx)
	jne	0b
	movq	MAILBOX_VECTOR(%rbx), %rax
	movw	$0, MAILBOX_COMMAND(%rbx)
	jmp	*%rax

	.section .rodata
	.balign	8
gdt:
	.quad	0, 0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

/* The first 4 GiB as they are, and after them SHARED_WINDOW: the first GiB again; its entry gets the shared bit. */
	.section .tables, "aw"
	.globl	shared_entry
page_map:
	.quad	pointers + TABLE
	.fill	511, 8, 0
pointers:
	.quad	LEAF, 0x40000000 + LEAF, 0x80000000 + LEAF, 0xc0000000 + LEAF
shared_entry:
	.quad	LEAF
	.fill	507, 8, 0

	.bss
	.globl	cpus_waiting
	.balign	16
	.skip	4096
stack_top:
cpus_waiting:
	.skip	4
