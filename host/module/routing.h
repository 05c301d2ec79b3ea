/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Interrupt messages and the table of GSIs: which message a line stands for, which vCPUs a message is for. No kernel
 * services: tests compile it for user space.
 */
#ifndef MODULE_ROUTING_H
#define MODULE_ROUTING_H

#include <linux/kvm.h>
#include <linux/types.h>
#include <stdbool.h>

#define ROUTES_MAX 4096u

/* An interrupt message (SDM 3A 11.11). */
struct message {
	__u64 address;
	__u32 data; /* 0: none */
};

struct routes {
	struct message message[ROUTES_MAX]; /* by GSI */
};

/**
 * Fills a table of zeros. MSI only, each GSI below ROUTES_MAX and named once.
 * Returns 0 or -EINVAL.
 */
int routes_fill(struct routes *routes, const struct kvm_irq_routing_entry *entries, __u32 count);

/* The message of a GSI; data 0 where it has none. @routes may be null. */
struct message routes_find(const struct routes *routes, __u32 gsi);

/* Can the message be an interrupt at all? Fixed or lowest priority, a vector that a device may raise. */
bool message_is_interrupt(struct message message);

/* Is it for the vCPU of this x2APIC ID? Then, @only one may take it: lowest priority. */
bool message_is_for(struct message message, __u32 apic_id, bool *only);

#endif
