/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's interrupts from devices: GSIs and messages. Functions return 0 or an errno, or what they say. */
#ifndef MODULE_IRQ_H
#define MODULE_IRQ_H

#include "vm.h"

/* KVM_SET_GSI_ROUTING: @head, which is copied, and the entries that follow it. */
int irq_set_routes(struct vm *vm, const struct kvm_irq_routing *head, const struct kvm_irq_routing_entry __user *from);

/* Raises a GSI. May sleep. Returns how many vCPUs it reached, or an errno. */
int irq_raise(struct vm *vm, u32 gsi);

/* One try, in any context. -EBUSY: to be raised again; it is one interrupt still. */
int irq_try_raise(struct vm *vm, u32 gsi);

/* The same as irq_raise() for a message. */
int irq_send(struct vm *vm, struct message message);

#endif
