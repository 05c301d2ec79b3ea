/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/root/msr_policy.c, for each vendor: for each of the 2^32 numbers, the permission bitmap and the answer to an
 * exit come from one rule. No MSR that could undermine the hypervisor is written without an exit, nor read where its
 * value is secret.
 */
#include "proof.h"

#include "root/msr_policy.h"
#include "vcpu/launch.h"
#include "vendor.h"

static uint32_t watched;
static bool native_read, native_write;

void vcpu_allow_msr(const struct domain *domain, uint32_t msr, bool write)
{
	if (msr == watched && write)
		native_write = true;
	else if (msr == watched)
		native_read = true;
}

static bool within(uint32_t first, uint32_t last)
{
	return watched >= first && watched <= last;
}

/*
 * By number (SDM volume 4; APM 2 appendix A): writing them changes memory, control flow or privilege under the
 * hypervisor.
 */
static bool is_dangerous(void)
{
	return watched == 0x10 || watched == 0x1b || watched == 0x3a ||
	       watched == 0x3b ||                                              /* TSC, APIC base, feature control */
	       watched == 0x79 || watched == 0x7a || watched == 0x8b ||        /* microcode, SGX */
	       watched == 0x9b || watched == 0x9e || within(0x1f2, 0x1f3) ||   /* SMM */
	       watched == 0x1a0 || watched == 0x1d9 || watched == 0x345 ||     /* debug control, performance */
	       within(0x200, 0x26f) || watched == 0x277 || watched == 0x2ff || /* memory types */
	       within(0x480, 0x4ff) || within(0x560, 0x58f) ||                 /* VMX, processor trace */
	       within(0x600, 0x600) || watched == 0x830 || watched == 0xda0 || /* DS area, ICR, XSS */
	       watched == 0x982 || within(0x9ff, 0xa00) || watched == 0xc0000080 || /* TME, EFER */
	       within(0xc0010000, 0xc001ffff);                                      /* SYSCFG, IORR, TOM, SMM, SVM */
}

void prove_msr_policy(void)
{
	__CPROVER_havoc_object(&watched);
	msr_policy_apply(0);
	const struct msr_policy *const rule = msr_policy_find(watched);

	if (watched <= VENDOR_MSR_LAST) {
		PROVE(native_read == (rule->read == MSR_NATIVE));
		PROVE(native_write == (rule->write == MSR_NATIVE));
	} else {
		PROVE(rule->read == MSR_DENY && rule->write == MSR_DENY);
	}
	PROVE(rule->read != MSR_FROZEN);
	PROVE(!native_write || !is_dangerous());
	/* Answers to these come from the guest's own state, or do not come. */
	PROVE(!native_read || (watched != 0xc0000080 && watched != 0x277 && !within(0x480, 0x4ff) && watched != 0x3a &&
			       !within(0xc0010114, 0xc001011f)));
	REACHABLE(native_read && native_write && watched == 0xc0000100);
	REACHABLE(rule->read == MSR_CHECK && watched == 0xc0000080);
	REACHABLE(rule->write == MSR_FROZEN && watched == 0x2ff);
	REACHABLE(rule->write == MSR_DENY && watched == 0x3a);
}
