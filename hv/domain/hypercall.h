/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's hypercalls for domains (include/cloister/domain.h). */
#ifndef CLOISTER_DOMAIN_HYPERCALL_H
#define CLOISTER_DOMAIN_HYPERCALL_H

#include "cloister/domain.h"
#include "machine/cpu.h"

struct hypercall_arguments {
	uint64_t rdi, rsi, rdx, rcx;
};

struct vcpu;

/* Not a result: HC_VCPU_RUN is prepared. The caller completes the instruction with 0, then calls domain_run(). */
#define HC_ENTERS INT64_MIN

/*
 * Answers one of HC_DOMAIN_CREATE to HC_DOMAIN_LAST.
 */
int64_t domain_hypercall(const struct cpu *cpu, uint64_t number, const struct hypercall_arguments *a);

/* Enters the vCPU for which domain_hypercall() answered HC_ENTERS. @root: the caller's vCPU */
_Noreturn void domain_run(struct vcpu *root);

/* Fills @info for HC_READ. Returns 0, HC_E_DOMAIN or HC_E_BUSY. */
int64_t domain_read_info(const struct cpu *cpu, uint64_t domain, struct domain_info *info);

#endif
