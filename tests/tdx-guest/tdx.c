/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tdx.h"

#include "tap.h"

#define REASON_CPUID 10u
#define REASON_HLT   12u
#define REASON_RDMSR 31u
#define REASON_WRMSR 32u
#define VECTOR_VE    20u

FORM(tdcall_code, ".byte 0x66, 0x0f, 0x01, 0xcc");

uint64_t shared_bit, trapped_rflags;

struct gprs tdcall_with(struct gprs registers)
{
	const struct outcome outcome = attempt(tdcall_code, &registers);

	if (outcome.vector != NO_FAULT)
		bail_out("TDCALL raised exception %u", outcome.vector);
	return registers;
}

struct gprs tdcall(uint64_t leaf, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9)
{
	return tdcall_with((struct gprs){.rax = leaf, .rcx = rcx, .rdx = rdx, .r8 = r8, .r9 = r9});
}

struct gprs vmcall(uint64_t function, uint64_t r12, uint64_t r13, uint64_t r14, uint64_t r15)
{
	const struct gprs answer = tdcall_with((struct gprs){.rax = TDG_VP_VMCALL,
							     .rcx = PASS_R10_TO_R15,
							     .r11 = function,
							     .r12 = r12,
							     .r13 = r13,
							     .r14 = r14,
							     .r15 = r15});

	if (answer.rax != TDX_SUCCESS)
		bail_out("TDG.VP.VMCALL %lx: the module answers %lx", function, answer.rax);
	return answer;
}

static bool complete(uint64_t reason, struct gprs *registers)
{
	struct gprs answer;

	switch (reason) {
	case REASON_CPUID:
		answer = vmcall(VMCALL_CPUID, (uint32_t)registers->rax, (uint32_t)registers->rcx, 0, 0);
		registers->rax = answer.r12;
		registers->rbx = answer.r13;
		registers->rcx = answer.r14;
		registers->rdx = answer.r15;
		break;
	case REASON_HLT:
		answer = vmcall(VMCALL_HLT, 0, 0, 0, 0);
		break;
	case REASON_RDMSR:
		answer = vmcall(VMCALL_RDMSR, (uint32_t)registers->rcx, 0, 0, 0);
		registers->rax = (uint32_t)answer.r11;
		registers->rdx = answer.r11 >> 32;
		break;
	case REASON_WRMSR:
		answer = vmcall(VMCALL_WRMSR, (uint32_t)registers->rcx, registers->rdx << 32 | (uint32_t)registers->rax,
				0, 0);
		break;
	default:
		return false;
	}
	return answer.r10 == VMCALL_SUCCESS;
}

static bool ve_handle(struct frame *frame)
{
	trapped_rflags = frame->rflags;
	if (frame->vector != VECTOR_VE || this_cpu()->attempt_rsp)
		return false;
	const struct gprs ve = tdcall(TDG_VP_VEINFO_GET, 0, 0, 0, 0);

	if (ve.rax != TDX_SUCCESS || !complete(ve.rcx, &frame->gprs))
		return false;
	frame->rip += (uint32_t)ve.r10;
	return true;
}

void ve_handle_on(struct cpu *cpu)
{
	cpu->hook = ve_handle;
}
