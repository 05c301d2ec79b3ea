/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the world switches, in assembler: struct registers (cpu.h), without RAX, which is its last member. */
#ifndef HV_GUEST_REGISTERS_H
#define HV_GUEST_REGISTERS_H

#define FRAME_CPU (17 * 8) /* struct entry_frame's pointer to struct cpu */

/* clang-format off */
.macro pop_guest_registers
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rbp
	pop	%rbx
	pop	%rdx
	pop	%rcx
.endm

.macro push_guest_registers
	push	%rcx
	push	%rdx
	push	%rbx
	push	%rbp
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
.endm
/* clang-format on */

#endif
