/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where exits of a domain's vCPU arrive: as those of the root guest (entry.S), but its frame is not on the stack. */
#include "vcpu/frame.inc"
#include "x86/stack.inc"

	.section .text.vmx_guest_exit_entry, "ax"
	.globl vmx_guest_exit_entry
	.hidden vmx_guest_exit_entry
vmx_guest_exit_entry:
	push	%rax
	push_registers GUEST_REGISTERS
	mov	FRAME_VCPU(%rsp), %rdi
	mov	FRAME_STACK(%rsp), %rsp
	call	vmx_guest_exit

	.section .note.GNU-stack, "", @progbits
