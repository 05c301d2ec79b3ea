/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Second-level translation of a guest: four levels, 1 GiB, 2 MiB and 4 KiB leaves. The format of an entry is the
 * vendor's (stage2_format.h in hv/svm or hv/vmx); the walk is the same.
 */
#ifndef CLOISTER_MEMORY_STAGE2_H
#define CLOISTER_MEMORY_STAGE2_H

#include "cloister/boot_info.h"
#include "cloister/errors.h"
#include "region.h"

struct vendor_machine;

struct stage2 {
	paddr_t root;
	uint32_t bits;        /* guest-physical address width that it covers, at most 48 */
	struct region tables; /* free pages for splits */
	bool sealed;          /* it changes no more */
	const struct vendor_machine *vendor;
};

/* Bytes that one entry of a table at @level covers (1: 4 KiB). */
static inline uint64_t stage2_span(unsigned level)
{
	return 1ull << (12 + 9 * (level - 1));
}

/**
 * Maps all of the physical address space one to one with 1 GiB leaves.
 * @phys_bits: 36 to 52; bits from 48 on cannot be reached with four levels
 * @directories: zeroed pages, stage2_directory_pages(phys_bits) of them and more for splits
 * @vendor:      gives memory types; kept. A 1 GiB with more than one memory type is split
 * Returns HV_OK or HV_E_STAGE2_FULL.
 */
enum hv_error stage2_build_identity(struct stage2 *stage2, uint32_t phys_bits, struct region directories,
				    const struct vendor_machine *vendor);

/*
 * From here on the tables are constant, so no TLB ever needs to be flushed for a change, on any CPU or unit (SDM 3C
 * 28.4.3.1; APM 2 15.25.9): every function that changes one refuses. Before the first entry of the guest.
 */
static inline void stage2_seal(struct stage2 *stage2)
{
	stage2->sealed = true;
}

/* Pages that stage2_build_identity() itself uses. */
uint64_t stage2_directory_pages(uint32_t phys_bits);

/**
 * Takes [@base, @base + @bytes) out of the guest's view; both multiples of 4 KiB, inside the covered width.
 * Until it is sealed. Returns HV_OK, HV_E_STAGE2_FULL or HV_E_STAGE2_SEALED.
 */
enum hv_error stage2_hide(struct stage2 *stage2, gpa_t base, uint64_t bytes);

/**
 * Makes [@base, @base + @bytes) readable only, likewise. What was hidden stays hidden.
 */
enum hv_error stage2_write_protect(struct stage2 *stage2, gpa_t base, uint64_t bytes);

/**
 * Makes the leaves no larger than @bytes (BOOT_LEAF_*) in each GiB that holds RAM, likewise: what the firmware reserved
 * beside its RAM and runs code from, such as where the other CPUs wait, is in one with it. Leaves there are not
 * write-protected yet, but for pages. Elsewhere leaves stay as they are.
 */
enum hv_error stage2_limit_leaves(struct stage2 *stage2, const struct boot_info *boot, uint64_t bytes);

/**
 * Builds a view in which a guest writes to its write-protected pages without effect: a copy of @stage2 in which those
 * of @floor lead to a scratch page. When @stage2 is complete.
 * Returns HV_OK, with the root table of the view in @root, or HV_E_REGION.
 */
enum hv_error stage2_build_detour(const struct stage2 *stage2, struct region *region, const struct boot_floor *floor,
				  paddr_t *root);

/* The three-level table of the first 512 GiB, for what walks three levels. */
paddr_t stage2_first_table(const struct stage2 *stage2);

/* The leaf entry that translates @address, and its level in @level (1: 4 KiB ... 3: 1 GiB), or 0 if there is none. */
uint64_t stage2_walk(const struct stage2 *stage2, gpa_t address, unsigned *level);

#endif
