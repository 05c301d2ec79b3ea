/* SPDX-License-Identifier: GPL-2.0-or-later */
/* INIT and SIPI as state of the hypervisor. */
#ifndef CLOISTER_ROOT_STARTUP_H
#define CLOISTER_ROOT_STARTUP_H

#include <stdbool.h>
#include <stdint.h>

struct cpu;

/**
 * A write of the x2APIC's ICR by the guest on @sender. Everything but INIT and SIPI goes to the APIC; those are posted
 * to their targets, which are kicked. Takes the targets' locks, one at a time.
 * Returns false if the value has reserved bits: refuse with #GP.
 */
bool startup_icr_write(struct cpu *sender, uint64_t icr);

/* Notes an INIT for @cpu, which acts on it before its next entry (exit_startup). Takes its startup lock. */
void startup_post_init(struct cpu *cpu);

#endif
