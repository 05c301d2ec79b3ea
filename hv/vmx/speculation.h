/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a CPU needs at each VM entry, so that the guest cannot read the hypervisor's traces in it. */
#ifndef HV_VMX_SPECULATION_H
#define HV_VMX_SPECULATION_H

#include <stdbool.h>

struct machine;

struct speculation {
	bool needed;        /* any of the following */
	bool flush_l1d;     /* L1 terminal fault */
	bool clear_buffers; /* MDS, TAA, MMIO stale data, RFDS: VERW */
};

/* Chooses by CPUID and IA32_ARCH_CAPABILITIES, once at boot, and says so on the console. */
void speculation_choose(struct machine *m);

/* Right before a VM entry, if speculation.needed. */
void speculation_before_entry(const struct speculation *speculation);

#endif
