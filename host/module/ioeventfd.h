/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's writes to ports and registers that are an eventfd's signal, and no exit to the VMM. */
#ifndef MODULE_IOEVENTFD_H
#define MODULE_IOEVENTFD_H

#include "vm.h"

/* KVM_IOEVENTFD. Returns 0 or an errno. */
int ioeventfd_set(struct vm *vm, const struct kvm_ioeventfd *request);
void ioeventfd_end(struct vm *vm);

/* Signals what waits for this write. False: nothing does. */
bool ioeventfd_signal(struct vm *vm, const struct domain_exit *exit);

#endif
