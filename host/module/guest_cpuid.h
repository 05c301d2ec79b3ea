/* SPDX-License-Identifier: GPL-2.0-or-later */
/* CPUID as a VMM has to think of it. What the guest sees is the hypervisor's table (docs/guest-abi.md, section 7). */
#ifndef MODULE_GUEST_CPUID_H
#define MODULE_GUEST_CPUID_H

#include <linux/kvm.h>
#include <linux/types.h>

/* KVM_GET_SUPPORTED_CPUID. Returns 0, -E2BIG (the list is too short), -EFAULT. */
int guest_cpuid_supported(struct kvm_cpuid2 __user *argument);

/* The XFAM bits that a domain can have on this machine. */
u64 guest_xfam(void);

/* Width of a guest's addresses, the shared bit included. */
u32 guest_gpa_bits(void);

#endif
