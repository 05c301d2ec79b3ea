/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mitigations that a CPU needs: the guest must not read the hypervisor's traces in it, or stop it by a machine check.
 */
#ifndef CLOISTER_VMX_SPECULATION_H
#define CLOISTER_VMX_SPECULATION_H

#include <stdbool.h>

struct machine;

struct speculation {
	bool needed;        /* either of the following, at each VM entry */
	bool flush_l1d;     /* L1 terminal fault */
	bool clear_buffers; /* MDS, TAA, MMIO stale data, RFDS: VERW */
	bool smt_exposed;   /* a sibling reads what passes through the core's buffers while the hypervisor runs */
	bool itlb_multihit; /* stage 2 has no executable leaf above 4 KiB */
};

/* Chooses by CPUID and IA32_ARCH_CAPABILITIES, once at boot, and says so on the console. */
void speculation_choose(struct machine *m);

/*
 * Does a page that is fetched from and changes its size stop this CPU by a machine check (SDM 2A, CPUID;
 * IA32_ARCH_CAPABILITIES bit 6, IF_PSCHANGE_MC_NO)?
 */
bool speculation_itlb_multihit(void);

/* Right before a VM entry, if speculation.needed. */
void speculation_before_entry(const struct speculation *speculation);

#endif
