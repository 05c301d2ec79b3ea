/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Translations with the guests' tag: each CPU may keep all that a domain's tables had while the CPU was in it, until a
 * flush. Walks the tables, marking what it uses as the vendor's CPUs do, and knows nothing of counts of flushes.
 */
#include <string.h>

#include "guest_format.h"
#include "world.h"

#define SHARED_MAX 64u

/* Of each tag of guests, where the vendor's CPUs keep them apart. */
static struct tlb {
	uint32_t pool[WIDE_POOL]; /* the tag of a translation to each page; 0: none */
	struct shared {
		uint32_t tag;
		uint64_t address, entry;
	} shared[SHARED_MAX];
	uint32_t shared_count;
	uint32_t domain; /* all that it has is there, as of the domain's last lock */
	uint64_t lock_count;
} tlbs[CPUS][GUEST_TAGS];

void tlb_start(void)
{
	memset(tlbs, 0, sizeof(tlbs));
}

static struct tlb *tlb_of(const struct cpu *cpu)
{
	return &tlbs[cpu->index][vendor_set(cpu)];
}

static void flush(struct tlb *tlb, uint32_t tag)
{
	uint32_t left = 0;

	for (uint32_t page = 0; page < WIDE_POOL; page++)
		tlb->pool[page] = tag == 0 || tlb->pool[page] == tag ? 0 : tlb->pool[page];
	for (uint32_t i = 0; i < tlb->shared_count; i++) {
		if (tag != 0 && tlb->shared[i].tag != tag)
			tlb->shared[left++] = tlb->shared[i];
	}
	tlb->shared_count = left;
	tlb->domain = 0;
}

void tlb_flush(const struct cpu *cpu, uint32_t tag)
{
	flush(tlb_of(cpu), tag);
}

void tlb_flush_all(uint32_t cpu)
{
	for (uint32_t i = 0; i < GUEST_TAGS; i++)
		flush(&tlbs[cpu][i], 0);
}

static void keep_shared(struct tlb *tlb, uint32_t tag, uint64_t address, uint64_t entry)
{
	for (uint32_t i = 0; i < tlb->shared_count; i++) {
		if (tlb->shared[i].tag == tag && tlb->shared[i].address == address && tlb->shared[i].entry == entry)
			return;
	}
	if (tlb->shared_count < SHARED_MAX)
		tlb->shared[tlb->shared_count++] = (struct shared){tag, address, entry};
}

static void keep(struct tlb *tlb, uint32_t tag, uint64_t address, uint64_t entry, unsigned level)
{
	const uint64_t target = stage2_address(entry).value;

	if ((address & DOMAIN_SHARED_BIT) != 0)
		return keep_shared(tlb, tag, address, entry);
	for (uint32_t i = 0; i < (level == 1 ? 1 : 512); i++)
		tlb->pool[page_of(target) + i] = tag;
}

static void walk(struct tlb *tlb, uint32_t tag, uint64_t table, unsigned level, uint64_t base)
{
	uint64_t *const entries = region_pointer(paddr(table));

	for (uint64_t i = 0; i < 512; i++) {
		const uint64_t address = base + (i << (12 + 9 * (level - 1)));

		if (!stage2_present(entries[i]))
			continue;
		entries[i] |= STAGE2_MARKS;
		if (stage2_is_leaf(entries[i], level))
			keep(tlb, tag, address, entries[i] & ~STAGE2_MARKS, level);
		else
			walk(tlb, tag, stage2_address(entries[i]).value, level - 1, address);
	}
}

static uint64_t top_of(const struct td *td)
{
	return (uintptr_t)pool_contents(td->table);
}

void tlb_use(const struct cpu *cpu, const struct td *td)
{
	struct tlb *const tlb = tlb_of(cpu);

	if (tlb->domain == td->info.domain && tlb->lock_count == lock_count(td->info.domain))
		return;
	tlb->domain = td->info.domain;
	tlb->lock_count = lock_count(td->info.domain);
	walk(tlb, vendor_tag(top_of(td)), top_of(td), 4, 0);
}

/* The entry for an address now; 0: none. */
static uint64_t entry_at(uint64_t table, uint64_t address)
{
	for (unsigned level = 4;; level--) {
		const uint64_t *const entries = region_pointer(paddr(table));
		const uint64_t entry = entries[address >> (12 + 9 * (level - 1)) & 511];

		if (!stage2_present(entry) || stage2_is_leaf(entry, level))
			return entry & ~STAGE2_MARKS;
		table = stage2_address(entry).value;
	}
}

/* What it brings along is this domain's, and as it is now. */
void tlb_enter(const struct cpu *cpu, const struct td *td)
{
	const struct tlb *const tlb = tlb_of(cpu);
	const uint32_t tag = vendor_tag(top_of(td));

	for (uint32_t page = 0; page < world.ghost.pages; page++)
		PROMISE(tlb->pool[page] != tag ||
			pool_record(page) == ((uint64_t)td->info.domain << 32 | PAGE_PRIVATE));
	for (uint32_t i = 0; i < tlb->shared_count; i++)
		PROMISE(tlb->shared[i].tag != tag ||
			entry_at(top_of(td), tlb->shared[i].address) == tlb->shared[i].entry);
	tlb_use(cpu, td);
}

/* The domain that a CPU is in, and is not about to leave. */
static const struct td *domain_of(const struct cpu *cpu)
{
	for (const struct step *step = world.step; step; step = step->outer) {
		if (step->cpu == cpu)
			return 0;
	}
	return cpu->guest ? ((const struct td_vcpu *)cpu->guest)->td : 0;
}

void check_unreachable(uint32_t page)
{
	for (uint32_t i = 0; i < CPUS; i++) {
		const struct td *const td = domain_of(&world.cpus[i]);

		PROMISE(!td || tlb_of(&world.cpus[i])->pool[page] != vendor_tag(top_of(td)));
	}
}

void check_unshared(uint32_t domain, uint64_t address, uint64_t bytes)
{
	for (uint32_t i = 0; i < CPUS; i++) {
		const struct td *const td = domain_of(&world.cpus[i]);
		const struct tlb *const tlb = td ? tlb_of(&world.cpus[i]) : 0;

		for (uint32_t k = 0; td && td->info.domain == domain && k < tlb->shared_count; k++) {
			const uint64_t at = tlb->shared[k].address & ~DOMAIN_SHARED_BIT;

			PROMISE(tlb->shared[k].tag != vendor_tag(top_of(td)) || at < address || at - address >= bytes);
		}
	}
}
