/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cloister's module for the root guest: /dev/cloister for attestation, /dev/kvm for protected guests. The hypervisor
 * does not trust it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/suspend.h>

#include <asm/cpufeature.h>
#include <asm/processor.h>
/* Linux 6.16 and later. */
#if __has_include(<asm/cpuid/api.h>)
#include <asm/cpuid/api.h>
#endif

#include "cloister/hypercall.h"
#include "attest.h"
#include "guests.h"

static bool hypervisor_present(void)
{
	u32 eax, ebx, ecx, edx;

	cpuid(HV_CPUID_BASE, &eax, &ebx, &ecx, &edx);
	return boot_cpu_has(X86_FEATURE_HYPERVISOR) && ebx == HV_CPUID_EBX && ecx == HV_CPUID_ECX &&
	       edx == HV_CPUID_EDX;
}

/* Suspend to RAM ends the hypervisor: the firmware resumes the kernel without it. Guests are not lost that way. */
static int around_sleep(struct notifier_block *block, unsigned long event, void *unused)
{
	if ((event == PM_SUSPEND_PREPARE || event == PM_HIBERNATION_PREPARE) && guests_exist()) {
		pr_err("the machine does not sleep while protected guests exist: end them first\n");
		return NOTIFY_BAD;
	}
	if ((event == PM_POST_SUSPEND || event == PM_POST_HIBERNATION) && !hypervisor_present())
		pr_err("the machine resumed without the hypervisor: boot it again, through Cloister's loader\n");
	return NOTIFY_DONE;
}

static struct notifier_block sleep_notifier = {
	.notifier_call = around_sleep,
};

static int __init detect(void)
{
	u32 eax, ebx, ecx, edx;

	if (!hypervisor_present()) {
		pr_err("Cloister is not under this kernel (CPUID 0x%x): boot the machine through its loader\n",
		       HV_CPUID_BASE);
		return -ENODEV;
	}
	cpuid(HV_CPUID_VERSION, &eax, &ebx, &ecx, &edx);
	if (eax != HV_INTERFACE) {
		pr_err("the hypervisor speaks interface %u, this module %u: install both from the same build\n", eax,
		       HV_INTERFACE);
		return -ENODEV;
	}
	pr_info("hypervisor %u.%u.%u, SVN %u\n", ebx >> 16, (ebx >> 8) & 0xff, ebx & 0xff, ecx);
	return 0;
}

/* Without guests there is still attestation: what they lack is said, and no error. */
static int __init cloister_init(void)
{
	int error = detect();

	if (error)
		return error;
	error = attest_init();
	if (error)
		return error;
	guests_init();
	register_pm_notifier(&sleep_notifier);
	return 0;
}

static void __exit cloister_exit(void)
{
	unregister_pm_notifier(&sleep_notifier);
	guests_exit();
	attest_exit();
}

module_init(cloister_init);
module_exit(cloister_exit);

MODULE_DESCRIPTION("Attestation and protected guests of the Cloister hypervisor");
MODULE_LICENSE("GPL");
MODULE_VERSION(CLOISTER_VERSION);
