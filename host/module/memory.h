/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's memory: pages of the pool, and pages of the VMM's that are shared. Callers hold vm->lock. Functions return
 * 0 or an errno.
 */
#ifndef MODULE_MEMORY_H
#define MODULE_MEMORY_H

#include "vm.h"

/* Fixes RAM as the slots have it now, sets pages of the pool aside, and makes the domain. */
int memory_create_domain(struct vm *vm);

/**
 * One hypercall that needs @count pages of the pool in a row: they are found, and become the VM's.
 * @number: HC_DOMAIN_CREATE, HC_VCPU_CREATE, HC_TABLE_ADD, HC_PAGE_ADD or HC_PAGE_AUG
 * @what, @more: its arguments but domain and page
 * Returns the first page. Errors: ENOMEM (the pool has no such pages), EEXIST (HC_E_MAPPING), others as
 * hypercall_errno().
 */
long memory_spend(struct vm *vm, unsigned long number, u64 what, u64 more, unsigned long count);

/* Adds one page to the build, with the contents of vm->params. */
int memory_add(struct vm *vm, u64 gpa, bool measured);

/* Private memory is wanted at @gpa: as much around it as may come at once. */
int memory_populate(struct vm *vm, u64 gpa);

/* The VMM's memory is wanted at @gpa. In the VMM's process. */
int memory_share(struct vm *vm, u64 gpa);

/* Tables down to those of 4 KiB, for @gpa of either half. */
int memory_add_tables(struct vm *vm, u64 gpa);

/* The guest has made these pages shared, or private. ENOMEM: a shared one is not known as such. */
int memory_converted(struct vm *vm, u64 gpa, u64 bytes, bool shared);

/* The VMM's pages there are no longer the guest's. */
void memory_unshare(struct vm *vm, u64 gpa, u64 bytes);

/* Ends the domain, and gives all back. No vCPU is on a CPU. */
void memory_end(struct vm *vm);

#endif
