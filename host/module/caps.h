/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /dev/kvm says that it can. */
#ifndef MODULE_CAPS_H
#define MODULE_CAPS_H

#include <linux/kvm.h>
#include <linux/types.h>

/* Longest list of MSRs, or of leaves of CPUID, that is taken, as in KVM. */
#define LIST_MAX 256u

/* KVM_CHECK_EXTENSION: the capability's value, 0 for none. */
int caps_check(unsigned long capability);

/* KVM_ENABLE_CAP of a VM. Returns 0 or -EINVAL. */
int caps_enable(const struct kvm_enable_cap *request);

#endif
