/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mitigations at #VMEXIT and VMRUN against speculation that the CPU does not rule out itself. Chosen once, at boot. */
#ifndef CLOISTER_SVM_SPECULATION_H
#define CLOISTER_SVM_SPECULATION_H

#include <stdbool.h>

struct machine;

struct speculation {
	bool flush_predictors; /* branch type confusion, SRSO: the guest could steer our returns. IBPB before them */
	bool clear_buffers;    /* transient scheduler attacks: VERW */
	bool returns_stay;     /* IBPB leaves predictions of returns: overwritten between the root guest and a domain */
};

/* Chooses by CPUID, once at boot, and says so on the console. */
void speculation_choose(struct machine *m);

#endif
