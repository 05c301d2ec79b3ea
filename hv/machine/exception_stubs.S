/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exception stubs of the hypervisor: struct exception_frame (exception.h) is what host_exception() gets. */
#include "machine/host.inc"
#include "x86/stack.inc"

	.text

/* One stub of 16 bytes for each exception. */
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
	push_registers EXCEPTION_REGISTERS
	mov	%rsp, %rdi
	cld
	call	host_exception
	pop_registers EXCEPTION_REGISTERS
	add	$16, %rsp		/* vector and error code */
	iretq

	.section .note.GNU-stack, "", @progbits
