/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain: what its page in the pool holds, and what the host may do with it. Whoever has it
 * locked (domain_enter) may change it; the host's hypercalls (hypercall.c) check their arguments
 * here, one function for one step of a domain's life.
 */
#ifndef CLOISTER_DOMAIN_DOMAIN_H
#define CLOISTER_DOMAIN_DOMAIN_H

#include "attest/sha384.h"
#include "pool.h"

#define DOMAIN_RTMRS 4u

/* A vCPU, as those see it who have its domain, not itself. */
struct domain_vcpu {
	uint32_t page; /* its first one */
	uint32_t apic_id;
	uint32_t runs_on;   /* atomic: index + 1 of the CPU that is in it, or 0 */
	uint32_t loaded_on; /* of the CPU that may hold parts of its state: until HC_VCPU_FLUSH */
	uint64_t epoch;     /* atomic: of the translations that it has */
};

/* The contents of a page of PAGE_DOMAIN. */
struct td {
	struct domain_info info; /* what the host may know of it. Atomic: what each vCPU adds at the end of a run */
	uint32_t table;          /* page of the top table of its stage 2 */
	uint32_t gpa_bits;       /* width of its addresses, the shared bit included */
	uint64_t epoch;          /* atomic: counts up when a translation is taken away, and never comes round */
	bool lazy;               /* memory where none was before needs no acceptance: asked for by the guest */
	uint64_t td_ctls;
	uint64_t removed_pages; /* for its report */
	struct sha384 mrtd_hash;
	uint8_t rtmr[DOMAIN_RTMRS][SHA384_BYTES];
	struct domain_vcpu vcpu[DOMAIN_MAX_VCPUS];
};

_Static_assert(sizeof(struct td) <= PAGE_BYTES, "a domain is one page");

/* The bit of an address that says which memory is meant. */
static inline uint64_t td_shared_bit(const struct td *td)
{
	return domain_shared_bit(td->gpa_bits);
}

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
bool domain_params_sane(const struct domain_params *params, uint32_t gpa_bits);

/* Can the calling CPU have a domain with this XFAM? */
bool domain_xfam_sane(uint64_t xfam);

/*
 * The steps of a domain's life, as in cloister/domain.h; each returns 0 or HC_E_*, and changes
 * nothing on an error.
 */
int64_t domain_create(const struct pool_view *view, uint64_t domain, uint64_t table, const struct domain_params *params,
		      uint64_t now_us);
int64_t domain_add_vcpu(const struct pool_view *view, struct td *td, uint64_t page, uint64_t apic_id, uint64_t rcx);
int64_t domain_finalize(struct td *td);
int64_t domain_stop(const struct pool_view *view, struct td *td);

/* The last step. Returns the pages that are free once the domain is left, or HC_E_*. */
int64_t domain_reclaim(const struct pool_view *view, struct td *td, uint64_t first, uint64_t count);

/**
 * A translation was taken away: from its next entry on, each vCPU has the new ones.
 */
void domain_start_flush(struct td *td);

/* Has every CPU that is in a guest of the domain the new translations? Others than the caller's are kicked. */
bool domain_is_flushed(const struct pool_view *view, const struct td *td);

/* Takes @count pages from @first on for the domain. False, and none is taken, where one is not free. */
bool domain_claim(const struct pool_view *view, struct td *td, uint64_t first, uint64_t count, enum page_kind kind);

/* What the host may know of it, at one moment. */
void domain_describe(const struct td *td, struct domain_info *info);

#endif
