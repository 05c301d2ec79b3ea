/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's hypercalls for domains (include/cloister/domain.h). */
#ifndef CLOISTER_DOMAIN_HYPERCALL_H
#define CLOISTER_DOMAIN_HYPERCALL_H

#include "cloister/domain.h"
#include "machine/cpu.h"

struct hypercall_arguments {
	uint64_t rdi, rsi, rdx, rcx;
};

/*
 * Answers one of HC_DOMAIN_CREATE to HC_PAGE_RECLAIM.
 */
int64_t domain_hypercall(const struct cpu *cpu, uint64_t number, const struct hypercall_arguments *a);

/* Fills @info for HC_READ. Returns 0, HC_E_DOMAIN or HC_E_BUSY. */
int64_t domain_read_info(const struct cpu *cpu, uint64_t domain, struct domain_info *info);

#endif
