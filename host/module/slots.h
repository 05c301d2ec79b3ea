/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory slots: which addresses of the guest the VMM backs with which of its own. No kernel services: tests compile it
 * for user space.
 */
#ifndef MODULE_SLOTS_H
#define MODULE_SLOTS_H

#include <linux/kvm.h>
#include <linux/types.h>
#include <stdbool.h>

#include "cloister/domain.h"

#define SLOTS_MAX 64u

struct slot {
	__u64 gpa, bytes, user; /* bytes 0: not in use */
	bool private;           /* the guest's own memory: it has a guest_memfd */
};

struct slots {
	__u64 limit; /* of guest-physical addresses: the shared bit */
	struct slot slot[SLOTS_MAX];
};

/**
 * Adds a slot, or removes one (memory_size 0).
 * @removed: what it was, bytes 0 for nothing
 * Returns 0, -EINVAL (alignment, range, flags, number, a slot that is in use), -EEXIST (it overlaps another).
 */
int slots_set(struct slots *slots, const struct kvm_userspace_memory_region2 *region, struct slot *removed);

/* The slot of an address, or null. */
const struct slot *slots_find(const struct slots *slots, __u64 gpa);

/**
 * The ranges of a domain's memory: all private slots, those next to each other as one; what ends at 4 GiB is firmware.
 * Returns 0, -EINVAL (no RAM), -E2BIG (more ranges than DOMAIN_MAX_RAM).
 */
int slots_layout(const struct slots *slots, struct domain_params *params);

#endif
