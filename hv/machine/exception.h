/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Exceptions and NMIs that arrive while the hypervisor runs. */
#ifndef CLOISTER_MACHINE_EXCEPTION_H
#define CLOISTER_MACHINE_EXCEPTION_H

#include <stdint.h>

#include "host.inc"

struct cpu;

/* What the exception stubs (exception_stubs.S) push, lowest address first. */
struct exception_frame {
	uint64_t EXCEPTION_REGISTERS;
	uint64_t vector, error_code;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* Called by the stubs. Anything but an NMI or an INIT is the end of this CPU: crash(). */
void host_exception(const struct exception_frame *frame);

/*
 * For the guest that the CPU runs, from vcpu/exit.c: an NMI arrived; an INIT, redirected to #SX (AMD-V's VM_CR.R_INIT),
 * where no lock is held.
 */
void exception_nmi(struct cpu *cpu);
void exception_init(struct cpu *cpu);

#endif
