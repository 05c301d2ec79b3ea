/* SPDX-License-Identifier: GPL-2.0-or-later */
/* KVM_MEMORY_ENCRYPT_OP: the steps of building a guest. Functions return 0 or an errno. */
#ifndef MODULE_TDX_H
#define MODULE_TDX_H

#include "vm.h"

int tdx_vm_command(struct vm *vm, const struct tdx_command __user *argument);

/* The caller holds vcpu->lock. */
int tdx_vcpu_command(struct vcpu *vcpu, const struct tdx_command __user *argument);

#endif
