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

/*
 * No stack from here on. A vCPU that the MADT has no room for goes no further. The x2APIC ID is EDX of CPUID's leaf
 * 0BH; EBX and ECX are lost.
 */
wait_for_kernel:
	cmpl	$CPUS_MAX, %esi
0:	jae	0b
	movl	$0xb, %eax
	xorl	%ecx, %ecx
	cpuid
	imull	$MADT_CPU_BYTES, %esi, %esi
	leaq	madt_cpus(%rip), %rax
	movl	%edx, MADT_CPU_ID(%rax, %rsi)
	lock incl cpus_waiting(%rip)
	leaq	mailbox(%rip), %rbx
0:	pause
	cmpw	$1, (%rbx) /* wake */
	jne	0b
	cmpl	%edx, MAILBOX_APIC_ID(%rbx)
	jne	0b
	movq	MAILBOX_VECTOR(%rbx), %rax
	movw	$0, (%rbx)
	jmp	*%rax

gdt:
	.quad	0, 0
	.quad	0x00af9b000000ffff
	.quad	0x00cf93000000ffff
gdt_pointer:
	.word	. - gdt - 1
	.long	gdt

/* The first 4 GiB as they are; from SHARED_WINDOW on what fw_cfg.c puts there. */
	.section .tables, "aw"
	.globl	shared_entry
page_map:
	.quad	pointers + TABLE
	.fill	511, 8, 0
pointers:
	.quad	directories + TABLE, directories + 0x1000 + TABLE, directories + 0x2000 + TABLE
	.quad	directories + 0x3000 + TABLE, shared_entry + TABLE
	.fill	507, 8, 0
directories:
	.set	address, 0
	.rept	2048
	.quad	address + LEAF
	.set	address, address + 0x200000
	.endr
shared_entry:
	.fill	512, 8, 0

	.bss
	.globl	cpus_waiting
	.balign	16
	.skip	4096
stack_top:
cpus_waiting:
	.skip	4
