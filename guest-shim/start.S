/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All vCPUs start at the reset vector, in 32-bit protected mode without paging (docs/guest-abi.md, section 9): ESI is
 * the vCPU's index, EBX the width of the guest's addresses. The first goes to shim_main; the others wait in the
 * mailbox's loop for the kernel (ACPI 6.5, 5.2.12.19).
 */
#include "layout.h"

#define CR0_PG   0x80000000
#define CR4_PAE  0x20
#define CODE_SEL 0x10 /* Linux' __BOOT_CS and __BOOT_DS */
#define DATA_SEL 0x18
#define TABLE    0x63 /* present, writable, accessed, dirty */
#define LEAF     0xe3 /* the same, 2 MiB */

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
	movl	%eax, %fs
	movl	%eax, %gs
	movl	%eax, %ss
	testl	%esi, %esi
	jnz	wait_for_kernel
	leaq	stack_top(%rip), %rsp
	movl	%ebx, %edi
	andl	$0x3f, %edi
	call	shim_main
	ud2

/* No stack from here on. The x2APIC ID is EDX of CPUID's leaf 0BH; EBX and ECX are lost. */
wait_for_kernel:
	cmpl	$CPUS_MAX, %esi
	jae	stop
	movl	$0xb, %eax
	xorl	%ecx, %ecx
	cpuid
	leaq	cpu_apic_ids(%rip), %rax
	movl	%edx, (%rax, %rsi, 4)
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
stop:
	hlt
	jmp	stop

/* kernel_enter(entry, boot_params): Linux' 64-bit boot protocol. */
	.globl	kernel_enter
kernel_enter:
	movq	%rdi, %rax
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

/* The first 4 GiB as they are, and after them SHARED_WINDOW: the first 2 MiB again; its entry gets the shared bit. */
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
	.quad	LEAF
	.fill	511, 8, 0

	.org	MAILBOX_BASE - IMAGE_BASE
mailbox:
	.fill	4096, 1, 0

/*
 * What iasl made of acpi/, at the places that the tables name, from the section's start: one that grew too long for its
 * place is an error. The MADT gets its vCPUs at run time.
 */
	.macro	machine_tables name, base
	.org	\base
	.incbin	"\name/rsdp.aml"
	.org	\base + 0x40
	.incbin	"\name/xsdt.aml"
	.org	\base + 0x80
	.incbin	"\name/facp.aml"
	.org	\base + 0x1a0
	.incbin	"\name/mcfg.aml"
	.org	\base + 0x200
	.incbin	"\name/dsdt.aml"
	.endm

	.section .acpi, "aw"
	.globl	madt, madt_cpus
	machine_tables q35, 0
	.org	0x7c0
	.incbin	"q35/facs.aml"
	machine_tables microvm, (ACPI_MICROVM_BASE-ACPI_Q35_BASE)
	.org	ACPI_MADT_BASE - ACPI_Q35_BASE
madt:
	.incbin	"q35/apic.aml"
madt_cpus:
	.fill	16 * CPUS_MAX, 1, 0

	.bss
	.globl	cpu_apic_ids, cpus_waiting
	.balign	16
	.skip	4096
stack_top:
cpu_apic_ids:
	.skip	4 * CPUS_MAX
cpus_waiting:
	.skip	4

/* Where a tenant binds a kernel, a command line and an initrd (cloister/guest_shim.h). */
	.section .binding, "a"
	.globl	binding
binding:
	.fill	160, 1, 0

/* What a VMM loads (Intel TDX Virtual Firmware Design Guide, 11): this image, measured, and the hand-off blocks. */
	.section .metadata, "a"
metadata:
	.ascii	"TDVF"
	.long	metadata_end - metadata, 1, 2
	.long	0, IMAGE_BYTES, IMAGE_BASE, 0, IMAGE_BYTES, 0, 0, 1 /* type 0: image; measured */
	.long	0, 0, HOB_BASE, 0, HOB_BYTES, 0, 2, 0
metadata_end:

/* The table of GUIDs, read from its end, 32 bytes below 4 GiB. */
	.section .guids, "a"
guids:
	.long	BINDING_FROM_END
	.word	4 + 18
	.byte	0x5e, 0x2b, 0x3a, 0x6f, 0x41, 0x9c, 0x7a, 0x4d, 0x8e, 0x0b, 0xc1, 0x01, 0x57, 0xe2, 0x54, 0x81
	.long	METADATA_FROM_END
	.word	4 + 18
	.byte	0x35, 0x65, 0x7a, 0xe4, 0x4a, 0x98, 0x98, 0x47, 0x86, 0x5e, 0x46, 0x85, 0xa7, 0xbf, 0x8e, 0xc2
	.word	. - guids + 18
	.byte	0xde, 0x82, 0xb5, 0x96, 0xb2, 0x1f, 0xf7, 0x45, 0xba, 0xea, 0xa3, 0x66, 0xc5, 0x5a, 0x08, 0x2d

	.section .note.GNU-stack, "", @progbits
