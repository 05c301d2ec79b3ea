/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the assembler code of world switches and of the launch leaves on a stack. */
#ifndef CLOISTER_VCPU_FRAME_H
#define CLOISTER_VCPU_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "frame.inc"

struct vcpu;

/* General registers of the guest, in the order in which the exit path pushes them. */
struct registers {
	uint64_t GUEST_REGISTERS, rax;
};

/* A general register by its number in an instruction (SDM 2A table 2-2); not RSP, number 4, which is not among them. */
static inline uint64_t *registers_at(struct registers *guest, unsigned number)
{
	return &guest->r15 + ((number < 4 ? 14 : 15) - number);
}

/* The operand of WRMSR and XSETBV. */
static inline uint64_t registers_edx_eax(const struct registers *guest)
{
	return guest->rdx << 32 | (uint32_t)guest->rax;
}

/* What the entry path works on: the top of a CPU's main stack, or a part of a domain's vCPU. */
struct entry_frame {
	struct registers guest;
	uint64_t guest_control; /* VMCB: physical address */
	uint64_t host_control;  /* VMCB that holds the hypervisor's own FS, GS, TR, LDTR */
	struct vcpu *vcpu;      /* whose registers these are */
	uint64_t stack;         /* on which its exits are answered: below the frame of the root guest */
};

_Static_assert(offsetof(struct entry_frame, guest.rax) == FRAME_RAX, "frame.inc");
_Static_assert(offsetof(struct entry_frame, guest_control) == FRAME_GUEST_CONTROL, "frame.inc");
_Static_assert(offsetof(struct entry_frame, host_control) == FRAME_HOST_CONTROL, "frame.inc");
_Static_assert(offsetof(struct entry_frame, vcpu) == FRAME_VCPU, "frame.inc");
_Static_assert(offsetof(struct entry_frame, stack) == FRAME_STACK, "frame.inc");

/* State of the firmware at the call of cpu_launch that the compiler does not keep: where the root guest goes on. */
struct launch_frame {
	uint64_t LAUNCH_REGISTERS, rflags, rip, rsp;
};

_Static_assert(offsetof(struct launch_frame, rflags) == LAUNCH_RFLAGS, "frame.inc");

#endif
