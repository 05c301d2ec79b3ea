/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Mitigations, at VM entry and in stage 2. Not needed here:
 * - branch targets (BHB, BTB): no image holds an indirect branch (tools/branches);
 * - return stack (RSB): since the exit, each return has a matching call, which is in it yet (tools/branches);
 * - one guest reading another's traces through predictors (IBPB): where guests change, hv/domain/run.c flushes them.
 */
#include "speculation.h"

#include "machine/cpu.h"
#include "machine/features.h"
#include "vendor_machine.h"
#include "x86/msr.h"
#include "x86/cpuid.h"
#include "x86/instructions.h"

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

bool speculation_itlb_multihit(void)
{
	return (cpu_arch_capabilities() & PSCHANGE_MC_NO) == 0;
}

/* Do two of the machine's CPUs share a core (SDM 2A, CPUID leaf 0BH: bits of an APIC ID that name a core's threads)? */
static bool siblings(const struct boot_info *boot)
{
	const uint32_t shift = cpu_leaf(LEAF_TOPOLOGY, 0).eax & 31;

	for (uint32_t i = 0; i < boot->cpu_count; i++) {
		for (uint32_t k = 0; k < i; k++) {
			if (boot->cpu_apic_id[i] >> shift == boot->cpu_apic_id[k] >> shift)
				return true;
		}
	}
	return false;
}

void speculation_choose(struct machine *m)
{
	struct speculation *const chosen = &m->vendor->speculation;
	const uint64_t capabilities = cpu_arch_capabilities();
	const bool stale_buffers = (~capabilities & (MDS_NO | TAA_NO | FBSDP_NO)) != 0 ||
				   ((capabilities & RFDS_NO) == 0 && (capabilities & RFDS_CLEAR) != 0);

	chosen->flush_l1d =
		(cpu_leaf(7, 0).edx & LEAF7_EDX_L1D_FLUSH) != 0 && (capabilities & (RDCL_NO | SKIP_L1D_FLUSH)) == 0;
	chosen->clear_buffers = (cpu_leaf(7, 0).edx & LEAF7_EDX_MD_CLEAR) != 0 && stale_buffers;
	chosen->needed = chosen->flush_l1d || chosen->clear_buffers;
	chosen->itlb_multihit = speculation_itlb_multihit();
	console_line(m, "VM entry: L1D flush %s, VERW %s, IBPB no (at switches), RSB no (no return without its call)",
		     chosen->flush_l1d ? "yes" : "no", chosen->clear_buffers ? "yes" : "no");
	chosen->smt_exposed = siblings(&m->boot) && (~capabilities & (RDCL_NO | MDS_NO | TAA_NO)) != 0;
	console_line(m, "SMT siblings: %s",
		     chosen->smt_exposed ? "one in the guest can read the key while it is used"
					 : "none that can read the key");
	console_line(m, "indirect branches: none; iTLB multihit: %s",
		     chosen->itlb_multihit ? "4 KiB pages where there is RAM, no code in larger ones" : "CPU is safe");
}

void speculation_before_entry(const struct speculation *speculation)
{
	if (speculation->flush_l1d)
		wrmsr(IA32_FLUSH_CMD, FLUSH_CMD_L1D);
	if (speculation->clear_buffers)
		verw(HOST_DS);
}
