/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's hypercalls for domains (include/cloister/domain.h). */
#ifndef CLOISTER_DOMAIN_HYPERCALL_H
#define CLOISTER_DOMAIN_HYPERCALL_H

#include "machine/cpu.h"
#include "pool.h"

struct hypercall_arguments {
	uint64_t rdi, rsi, rdx, rcx;
};

struct vcpu;

/* Not a result: HC_VCPU_RUN is prepared. The caller completes the instruction with 0, then calls domain_run(). */
#define HC_ENTERS INT64_MIN

/* A CPU's way to the pool. */
static inline struct pool_view pool_view_of(const struct cpu *cpu)
{
	return (struct pool_view){cpu->machine->pool, cpu->machine->paging, cpu->index, cpu->machine->cpus};
}

/*
 * Answers one of HC_DOMAIN_CREATE to HC_DOMAIN_LAST.
 */
int64_t domain_hypercall(const struct cpu *cpu, uint64_t number, const struct hypercall_arguments *a);

/* Enters the vCPU for which domain_hypercall() answered HC_ENTERS. @root: the caller's vCPU */
_Noreturn void domain_run(struct vcpu *root);

union domain_object {
	struct domain_info info;
	struct domain_list list;
};

/* HC_READ of HV_OBJECT_DOMAIN or of HV_OBJECT_DOMAINS. Returns the size of what @read gets, HC_E_DOMAIN, HC_E_BUSY. */
int64_t domain_read(const struct cpu *cpu, uint64_t object, union domain_object *read);

#endif
