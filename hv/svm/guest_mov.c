/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MOV to CR4 and CR8 of a domain: AMD-V does not tell the operand, so that the instruction is read. */
#include "machine/cpu.h"
#include "svm.h"
#include "vcpu/guest.h"
#include "vcpu/guest_exit.h"

#define REX_B 1u
#define REX_R 4u

/* MOV to a control register: REX or not, 0F 22, two registers (SDM 2B). False: it is not to @control. */
static bool decode(struct vcpu *vcpu, unsigned control, uint64_t *value, unsigned *bytes)
{
	uint8_t rex, code[3];

	if (!guest_code_read(vcpu, 0, &rex, 1))
		return false;
	const bool has_rex = (rex & 0xf0) == 0x40;

	if (!guest_code_read(vcpu, has_rex, code, sizeof(code)))
		return false;
	if (!has_rex)
		rex = 0;
	const unsigned number = (code[2] & 7u) | (rex & REX_B) << 3;

	*value = number == 4 ? vcpu->vendor.vmcb->rsp : *registers_at(&vcpu->frame->guest, number);
	*bytes = has_rex ? 4 : 3;
	return code[0] == 0x0f && code[1] == 0x22 && code[2] >> 6 == 3 &&
	       ((code[2] >> 3 & 7u) | (rex & REX_R) << 1) == control;
}

/* Nothing else writes these two. Only 64-bit code has CR8. */
void svm_guest_mov_cr(struct vcpu *vcpu, unsigned control)
{
	uint64_t value;
	unsigned bytes;

	if (!decode(vcpu, control, &value, &bytes))
		guest_exit_exception(vcpu, VECTOR_GP, 0);
	else if (control == 8)
		guest_exit_cr8(vcpu, value);
	else
		guest_exit_cr4(vcpu, vcpu_guest_mode(vcpu) == GUEST_64BIT ? value : (uint32_t)value, bytes);
}
