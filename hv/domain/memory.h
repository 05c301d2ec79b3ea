/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's stage 2: tables and pages out of the pool, put where the host proposes; what the guest
 * accepts and releases; memory that both share.
 *
 * Private memory lies below the shared bit, shared memory above it. The private entry of an address
 * says which of the two it has: where it has no leaf, in bits that neither vendor's walk looks at.
 */
#ifndef CLOISTER_DOMAIN_MEMORY_H
#define CLOISTER_DOMAIN_MEMORY_H

#include "domain.h"
#include "memory/stage2.h"

/* What a hypercall names: an address, and the level of a leaf there, or of the leaves of a table (1: 4 KiB). */
struct place {
	gpa_t address;
	unsigned level;
};

/* @value: address | DOMAIN_LEVEL_* */
static inline struct place place_of(uint64_t value)
{
	return (struct place){gpa(value & ~PAGE_MASK), (unsigned)(value & PAGE_MASK) + 1};
}

/*
 * The calls of cloister/domain.h; each returns 0 or what it says there, and changes nothing on an
 * error but HC_E_BUSY. The domain is locked.
 */
int64_t domain_add_table(const struct pool_view *view, struct td *td, struct place place, uint64_t page);
int64_t domain_augment(const struct pool_view *view, struct td *td, struct place place, uint64_t page);
int64_t domain_remove_page(const struct pool_view *view, struct td *td, struct place place);

/* @address: with DOMAIN_EXTEND, or without. @source: a page of the root guest's RAM */
int64_t domain_add_page(const struct pool_view *view, struct td *td, uint64_t address, uint64_t page, paddr_t source);

/* @source: RAM of the root guest, as much as the level says */
int64_t domain_map_shared(const struct pool_view *view, struct td *td, struct place place, paddr_t source);
int64_t domain_unmap_shared(const struct pool_view *view, struct td *td, struct place place);

/* What became of a request of the guest for some of its memory. */
enum memory_answer {
	MEMORY_DONE,
	MEMORY_REPEAT,  /* not yet: other CPUs may still use it. The guest asks again */
	MEMORY_NO_PAGE, /* the host has to add one first */
	MEMORY_NO_TABLE,
	MEMORY_ALREADY, /* it is as was asked */
	MEMORY_MIXED,   /* partly so */
	MEMORY_INVALID, /* no RAM, or shared where private memory is meant */
};

/**
 * TDG.MEM.PAGE.ACCEPT: what is pending of the 4 KiB or 2 MiB at @address becomes the guest's.
 * @address: below the shared bit, aligned; then, where a page is missing, that one's
 */
enum memory_answer domain_accept(const struct pool_view *view, struct td *td, gpa_t *address, uint64_t level);

/**
 * MapGPA, of what one entry covers: 4 KiB, or 2 MiB at once. @shared: a private page there is wiped and free, and the
 * host may map its own; otherwise the host's is gone, and what it adds next has to be accepted.
 * @bytes: what is wanted from @address on; what the answer is about
 */
enum memory_answer domain_convert(const struct pool_view *view, struct td *td, gpa_t address, uint64_t *bytes,
				  bool shared);

/* Is all of [@address, @address + @bytes) RAM of the domain? Private addresses. */
bool domain_is_ram(const struct td *td, gpa_t address, uint64_t bytes);

/* What lies at a private address. */
enum memory_state { MEMORY_ABSENT, MEMORY_PENDING, MEMORY_PRIVATE, MEMORY_RELEASED };
enum memory_state domain_memory_state(const struct pool_view *view, const struct td *td, gpa_t address);

/**
 * Where a private address of the guest is in memory; 0 where it has no page that it accepted.
 */
paddr_t domain_translate(const struct pool_view *view, const struct td *td, gpa_t address);

#endif
