/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's interrupts from devices: GSIs, messages, eventfds. Functions return 0 or an errno, or what they say. */
#ifndef MODULE_IRQ_H
#define MODULE_IRQ_H

#include "vm.h"

int irq_set_routes(struct vm *vm, const struct kvm_irq_routing __user *argument);

/* Raises a GSI. May sleep. Returns how many vCPUs it reached, or an errno. */
int irq_raise(struct vm *vm, u32 gsi);

/* The same for a message. */
int irq_send(struct vm *vm, struct message message);

/* KVM_IRQFD. */
int irqfd_set(struct vm *vm, const struct kvm_irqfd *request);
void irqfd_end(struct vm *vm);

#endif
