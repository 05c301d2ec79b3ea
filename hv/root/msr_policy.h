/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the root guest may do with model-specific registers. */
#ifndef CLOISTER_ROOT_MSR_POLICY_H
#define CLOISTER_ROOT_MSR_POLICY_H

#include <stdint.h>

struct domain;

/* What happens to an access. Whatever the table does not name is refused with #GP. */
enum msr_rule {
	MSR_DENY,   /* #GP */
	MSR_NATIVE, /* no exit */
	MSR_FROZEN, /* writes only: dropped, the value of the launch stays */
	MSR_CHECK,  /* exit; vcpu_msr_read() or vcpu_msr_write() answers */
};

struct msr_policy {
	uint32_t first, last;
	enum msr_rule read, write;
};

/**
 * The rule for one register.
 * @msr: its number
 * Returns a policy of the table, or one that denies both accesses.
 */
const struct msr_policy *msr_policy_find(uint32_t msr);

/* Lets the guest of @domain make all native accesses without an exit. */
void msr_policy_apply(const struct domain *domain);

#endif
