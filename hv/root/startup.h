/* SPDX-License-Identifier: GPL-2.0-or-later */
/* INIT and SIPI as state of the hypervisor. */
#ifndef CLOISTER_ROOT_STARTUP_H
#define CLOISTER_ROOT_STARTUP_H

#include "machine/lock.h"

struct vcpu;

/* What waits for a vCPU of the root guest; set by other CPUs. */
struct startup {
	lock_t lock;
	bool init;    /* INIT pending */
	bool waiting; /* wait-for-SIPI: nothing of the guest runs */
	bool sipi;    /* SIPI pending; only ever set while init or waiting */
	uint8_t sipi_vector;
};

/**
 * A write of the x2APIC's ICR by the guest on @sender. Everything but INIT and SIPI goes to the APIC; those are posted
 * to their targets, which are kicked. Takes the targets' locks, one at a time.
 * Returns false if the value has reserved bits: refuse with #GP.
 */
bool startup_icr_write(struct vcpu *sender, uint64_t icr);

/* Notes an INIT for @vcpu, which acts on it before its next entry (exit_startup). Takes its startup lock. */
void startup_post_init(struct vcpu *vcpu);

#endif
