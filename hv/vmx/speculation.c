/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mitigations at VM entry. What needs none here:
 * - branch targets: after the launch the hypervisor makes no indirect calls or jumps, and each of its returns has its own call behind it since
 *   the exit, so that neither the branch predictor's nor the return stack's contents of the guest are used;
 * - one guest reading another's traces through predictors (IBPB): there is one guest;
 * - the page size change machine check (iTLB multihit): the root guest can only stop its own machine with it.
 */
#include "speculation.h"

#include "cpu.h"
#include "instructions.h"
#include "msr.h"
#include "x86.h"

#define LEAF7_EDX_MD_CLEAR  (1u << 10)
#define LEAF7_EDX_L1D_FLUSH (1u << 28)
#define LEAF7_EDX_ARCH_CAP  (1u << 29)

/* IA32_ARCH_CAPABILITIES */
#define RDCL_NO        (1ull << 0)
#define SKIP_L1D_FLUSH (1ull << 3) /* SKIP_L1DFL_VMENTRY: an outer hypervisor does it */
#define MDS_NO         (1ull << 5)
#define PSCHANGE_MC_NO (1ull << 6)
#define TAA_NO         (1ull << 8)
#define FBSDP_NO       (1ull << 14)
#define RFDS_NO        (1ull << 27)
#define RFDS_CLEAR     (1ull << 28)

#define FLUSH_CMD_L1D 1ull

void speculation_choose(struct machine *m)
{
	struct speculation *const chosen = &m->vendor.speculation;
	const uint32_t features = cpuid(0, 0).eax >= 7 ? cpuid(7, 0).edx : 0;
	const uint64_t capabilities = (features & LEAF7_EDX_ARCH_CAP) != 0 ? rdmsr(IA32_ARCH_CAPABILITIES) : 0;
	const bool stale_buffers = (~capabilities & (MDS_NO | TAA_NO | FBSDP_NO)) != 0 ||
				   ((capabilities & RFDS_NO) == 0 && (capabilities & RFDS_CLEAR) != 0);

	chosen->flush_l1d = (features & LEAF7_EDX_L1D_FLUSH) != 0 && (capabilities & (RDCL_NO | SKIP_L1D_FLUSH)) == 0;
	chosen->clear_buffers = (features & LEAF7_EDX_MD_CLEAR) != 0 && stale_buffers;
	chosen->needed = chosen->flush_l1d || chosen->clear_buffers;
	console_line(m, "VM entry: L1D flush %s, buffers cleared (VERW) %s; large executable pages %s",
		     chosen->flush_l1d ? "yes" : "no", chosen->clear_buffers ? "yes" : "no",
		     (capabilities & PSCHANGE_MC_NO) != 0 ? "safe" : "kept: a guest could stop the machine");
}

void speculation_before_entry(const struct speculation *speculation)
{
	if (speculation->flush_l1d)
		wrmsr(IA32_FLUSH_CMD, FLUSH_CMD_L1D);
	if (speculation->clear_buffers)
		verw(HOST_DS);
}
