/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Eventfds in place of calls: what signals one raises a GSI; a guest's write signals another, and is no exit. */
#ifndef MODULE_EVENTFDS_H
#define MODULE_EVENTFDS_H

#include "vm.h"

/* KVM_IRQFD and KVM_IOEVENTFD. Return 0 or an errno. */
int irqfd_set(struct vm *vm, const struct kvm_irqfd *request);
int ioeventfd_set(struct vm *vm, const struct kvm_ioeventfd *request);

/* Signals what waits for this write. False: nothing does. */
bool ioeventfd_signal(struct vm *vm, const struct domain_exit *exit);

/* Takes all away. No call of the VM, and no vCPU, runs any more. May sleep. */
void eventfds_end(struct vm *vm);

#endif
