/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types that keep kinds of addresses apart, and the page sizes.
 *
 * The hypervisor runs with VA = PA for its own region and maps nothing else (docs/architecture.md, section 5), so
 * region_pointer() is only meaningful for an address inside the region.
 */
#ifndef CLOISTER_MEMORY_ADDRESS_H
#define CLOISTER_MEMORY_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A system-physical address, and one as a guest sees it. Structures, so that the compiler tells them apart. */
typedef struct {
	uint64_t value;
} paddr_t;

typedef struct {
	uint64_t value;
} gpa_t;

#define PAGE_BYTES 4096ull
#define PAGE_MASK  (PAGE_BYTES - 1)

static inline paddr_t paddr(uint64_t value)
{
	return (paddr_t){value};
}

static inline gpa_t gpa(uint64_t value)
{
	return (gpa_t){value};
}

/* Pointer to the hypervisor's own memory at @address. */
static inline void *region_pointer(paddr_t address)
{
	return (void *)(uintptr_t)address.value;
}

/* Physical address of an object in the hypervisor's own memory. */
static inline paddr_t region_paddr(const volatile void *object)
{
	return (paddr_t){(uintptr_t)object};
}

/* Does [base, base + bytes) overlap [other, other + other_bytes)? No range may wrap around. */
static inline bool ranges_overlap(uint64_t base, uint64_t bytes, uint64_t other, uint64_t other_bytes)
{
	return base < other + other_bytes && other < base + bytes;
}

#endif
