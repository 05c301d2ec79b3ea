/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain: what its page in the pool holds, and what the host may do with it. Whoever has it
 * locked (domain_enter) may change it; the host's hypercalls (hypercall.c) check their arguments
 * here, one function for one step of a domain's life.
 */
#ifndef CLOISTER_DOMAIN_DOMAIN_H
#define CLOISTER_DOMAIN_DOMAIN_H

#include "attest/sha384.h"
#include "cloister/domain.h"
#include "pool.h"

struct domain_vcpu {
	uint32_t page;
	uint32_t apic_id;
};

/* The contents of a page of PAGE_DOMAIN. */
struct td {
	uint32_t page;  /* its number, which names the domain */
	uint32_t table; /* page of the top table of its stage 2 */
	uint32_t state; /* enum domain_state */
	uint32_t pages; /* of the pool that belong to it, this one included */
	uint32_t tables, private_pages;
	uint32_t vcpu_count;
	struct domain_params params; /* checked */
	struct sha384 mrtd_hash;
	uint8_t mrtd[SHA384_BYTES];
	struct domain_vcpu vcpu[DOMAIN_MAX_VCPUS];
};

_Static_assert(sizeof(struct td) <= PAGE_BYTES, "a domain is one page");

/* The contents of a page of PAGE_VCPU. */
struct td_vcpu {
	uint32_t domain;
	uint32_t index;
	uint32_t apic_id;
	uint64_t initial_rcx; /* the host's word: the guest must not trust it */
};

/**
 * Locks a domain and opens its page.
 * @domain: the host's number for it
 * Returns 0 with the domain in @td, HC_E_DOMAIN or HC_E_BUSY.
 */
int64_t domain_enter(const struct pool_view *view, uint64_t domain, struct td **td);

/* Unlocks it; frees its page where nothing is left of it. */
void domain_leave(const struct pool_view *view, const struct td *td);

/**
 * Are these parameters ones that a domain may have?
 * @params: the hypervisor's own copy
 */
bool domain_params_sane(const struct domain_params *params);

/*
 * The steps of a domain's life, as in cloister/domain.h; each returns 0 or HC_E_*, and changes
 * nothing on an error.
 */
int64_t domain_create(const struct pool_view *view, uint64_t domain, uint64_t table,
		      const struct domain_params *params);
int64_t domain_add_vcpu(const struct pool_view *view, struct td *td, uint64_t page, uint64_t apic_id, uint64_t rcx);
int64_t domain_finalize(struct td *td);
int64_t domain_stop(struct td *td);

/* The last step. Returns the pages that are free once the domain is left, or HC_E_*. */
int64_t domain_reclaim(const struct pool_view *view, struct td *td, uint64_t first, uint64_t count);

/* What the host may know of it. */
void domain_describe(const struct td *td, struct domain_info *info);

#endif
