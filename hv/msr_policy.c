/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The allow-list of model-specific registers. Default deny: feature control, VMX and SVM, processor trace (it
 * writes physical memory), memory routing (SYSCFG, IORR, TOM, SMM), microcode loading and performance counters
 * are refused because they are absent here.
 */
#include "msr.h"

#include <stddef.h>

#include "vendor.h"

/* Sorted by number. */
static const struct msr_policy policies[] = {
	/* The signed uptime is counted with the TSC: nobody turns it. */
	{IA32_TSC, IA32_TSC, MSR_NATIVE, MSR_FROZEN},
	{IA32_PLATFORM_ID, IA32_PLATFORM_ID, MSR_NATIVE, MSR_DENY},
	{IA32_APIC_BASE, IA32_APIC_BASE, MSR_NATIVE, MSR_CHECK},
	{IA32_TSC_ADJUST, IA32_TSC_ADJUST, MSR_NATIVE, MSR_FROZEN},
	{IA32_SPEC_CTRL, IA32_PRED_CMD, MSR_NATIVE, MSR_NATIVE},
	{IA32_BIOS_SIGN_ID, IA32_BIOS_SIGN_ID, MSR_NATIVE, MSR_FROZEN},
	{MSR_PLATFORM_INFO, MSR_PLATFORM_INFO, MSR_NATIVE, MSR_DENY},
	{IA32_UMWAIT_CONTROL, IA32_UMWAIT_CONTROL, MSR_NATIVE, MSR_NATIVE},
	{MSR_PKG_CST_CONFIG, MSR_PKG_CST_CONFIG, MSR_NATIVE, MSR_FROZEN},
	{IA32_MPERF, IA32_APERF, MSR_NATIVE, MSR_FROZEN},
	/* Memory types under the hypervisor's own memory stay what they were at the launch. */
	{IA32_MTRRCAP, IA32_MTRRCAP, MSR_NATIVE, MSR_DENY},
	{IA32_ARCH_CAPABILITIES, IA32_ARCH_CAPABILITIES, MSR_NATIVE, MSR_DENY},
	{IA32_FLUSH_CMD, IA32_FLUSH_CMD, MSR_DENY, MSR_NATIVE},
	{MSR_MISC_FEATURES, MSR_MISC_FEATURES, MSR_NATIVE, MSR_NATIVE},
	{IA32_SYSENTER_CS, IA32_SYSENTER_EIP, MSR_NATIVE, MSR_NATIVE},
	{IA32_MCG_CAP, IA32_MCG_CTL, MSR_NATIVE, MSR_NATIVE},
	{IA32_THERM_INTERRUPT, IA32_THERM_STATUS, MSR_NATIVE, MSR_NATIVE},
	{IA32_MISC_ENABLE, IA32_MISC_ENABLE, MSR_NATIVE, MSR_FROZEN},
	{IA32_PKG_THERM_STATUS, IA32_PKG_THERM_INT, MSR_NATIVE, MSR_NATIVE},
	{IA32_XFD, IA32_XFD_ERR, MSR_NATIVE, MSR_NATIVE},
	/* Branch records would show the hypervisor's own branches. */
	{IA32_DEBUGCTL, IA32_DEBUGCTL, MSR_NATIVE, MSR_FROZEN},
	{IA32_MTRR_PHYSBASE0, IA32_MTRR_PHYSMASK_END, MSR_NATIVE, MSR_FROZEN},
	{IA32_MTRR_FIX64K, IA32_MTRR_FIX64K, MSR_NATIVE, MSR_FROZEN},
	{IA32_MTRR_FIX16K_80000, IA32_MTRR_FIX16K_A0000, MSR_NATIVE, MSR_FROZEN},
	{IA32_MTRR_FIX4K_C0000, IA32_MTRR_FIX4K_F8000, MSR_NATIVE, MSR_FROZEN},
	{IA32_PAT, IA32_PAT, MSR_CHECK, MSR_CHECK},
	{IA32_MTRR_DEF_TYPE, IA32_MTRR_DEF_TYPE, MSR_NATIVE, MSR_FROZEN},
	{IA32_PERF_CAPABILITIES, IA32_PERF_CAPABILITIES, MSR_NATIVE, MSR_DENY},
	{IA32_MC0_CTL, IA32_MC31_MISC, MSR_NATIVE, MSR_NATIVE},
	{IA32_U_CET, IA32_INT_SSP_TABLE, MSR_NATIVE, MSR_NATIVE},
	{IA32_TSC_DEADLINE, IA32_TSC_DEADLINE, MSR_NATIVE, MSR_NATIVE},
	{IA32_PM_ENABLE, IA32_HWP_STATUS, MSR_NATIVE, MSR_NATIVE},
	{IA32_X2APIC_FIRST, IA32_X2APIC_LVT_CMCI, MSR_NATIVE, MSR_NATIVE},
	{IA32_X2APIC_ICR, IA32_X2APIC_ICR, MSR_NATIVE, MSR_CHECK},
	{IA32_X2APIC_ICR + 1, IA32_X2APIC_LAST, MSR_NATIVE, MSR_NATIVE},
	{IA32_XSS, IA32_XSS, MSR_NATIVE, MSR_CHECK},
	{IA32_EFER, IA32_EFER, MSR_CHECK, MSR_CHECK},
	{IA32_STAR, IA32_FMASK, MSR_NATIVE, MSR_NATIVE},
	{IA32_FS_BASE, IA32_KERNEL_GS_BASE, MSR_NATIVE, MSR_NATIVE},
	{IA32_TSC_AUX, IA32_TSC_AUX, MSR_NATIVE, MSR_NATIVE},
	{SYSCFG, SYSCFG, MSR_NATIVE, MSR_DENY},
	{HWCR, HWCR, MSR_NATIVE, MSR_FROZEN},
	{TOP_MEM, TOP_MEM, MSR_NATIVE, MSR_DENY},
	{TOM2, TOM2, MSR_NATIVE, MSR_DENY},
	{INT_PENDING_MSG, INT_PENDING_MSG, MSR_NATIVE, MSR_FROZEN},
	{MMIO_CFG_BASE, MMIO_CFG_BASE, MSR_NATIVE, MSR_DENY},
	{PSTATE_CUR_LIM, PSTATE_7, MSR_NATIVE, MSR_DENY},
	{OSVW_ID_LENGTH, OSVW_STATUS, MSR_NATIVE, MSR_DENY},
	/* Linux sets errata bits here; the firmware's setting stays. */
	{LS_CFG, DC_CFG, MSR_NATIVE, MSR_FROZEN},
	{DE_CFG, BU_CFG2, MSR_NATIVE, MSR_FROZEN},
};

static const struct msr_policy denied = {0, 0, MSR_DENY, MSR_DENY};

const struct msr_policy *msr_policy_find(uint32_t msr)
{
	if (msr > VENDOR_MSR_LAST)
		return &denied;
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		if (msr >= policies[i].first && msr <= policies[i].last)
			return &policies[i];
	}
	return &denied;
}

void msr_policy_apply(void (*clear)(void *bitmap, uint32_t msr, bool write), void *bitmap)
{
	for (size_t i = 0; i < sizeof(policies) / sizeof(policies[0]); i++) {
		for (uint32_t msr = policies[i].first; msr <= policies[i].last; msr++) {
			if (policies[i].read == MSR_NATIVE)
				clear(bitmap, msr, false);
			if (policies[i].write == MSR_NATIVE)
				clear(bitmap, msr, true);
		}
	}
}
