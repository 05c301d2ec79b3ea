/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the stubs of exception_stubs.S call. */
#include "exception.h"

#include "cpu.h"
#include "x86/instructions.h"
#include "x86/registers.h"

static _Noreturn void stop(struct cpu *cpu, const struct exception_frame *frame)
{
	crash(cpu, &(struct crash_record){
			   .kind = frame->vector == VECTOR_MC ? CRASH_MACHINE_CHECK : CRASH_HOST_EXCEPTION,
			   .code = frame->vector,
			   .detail = frame->error_code,
			   .address = frame->vector == VECTOR_PF ? read_cr2() : 0, /* else a guest's */
			   .rip = frame->rip,
			   .rsp = frame->rsp,
		   });
}

void host_exception(const struct exception_frame *frame)
{
	struct cpu *const cpu = cpu_current();

	if (!cpu)
		cpu_park();
	if (frame->vector == VECTOR_NMI)
		exception_nmi(cpu);
	else if (frame->vector == VECTOR_SX)
		exception_init(cpu);
	else
		stop(cpu, frame);
}
