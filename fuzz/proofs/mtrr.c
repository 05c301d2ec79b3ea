/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/vmx/mtrr.c. Each content of registers with up to two variable ranges that mtrr_read() accepts is well formed.
 * For every well-formed content with up to six variable ranges, every block of 4 KiB, 2 MiB or 1 GiB and each
 * address in it: the type of the block is the one that the CPU uses for the address (SDM 3A 12.11.4.1), and a page
 * always has one.
 */
#include "proof.h"

#include "mtrr.h"

#define RANGES      6
#define READ_RANGES 2

static uint64_t capabilities, definition, fixed, variable[2 * READ_RANGES];

static bool defined(unsigned type)
{
	return type == 0 || type == 1 || type == 4 || type == 5 || type == 6;
}

/*
 * Types that two ranges over one address may have: the same, one of them uncacheable, or write-through and
 * write-back.
 */
static bool combines(unsigned a, unsigned b)
{
	return a == b || a == 0 || b == 0 || (a == 4 && b == 6) || (a == 6 && b == 4);
}

static bool range_well_formed(const struct mtrr *mtrr, uint32_t index)
{
	const struct mtrr_range *const range = &mtrr->variable[index];

	for (uint32_t i = 0; i < index; i++) {
		const struct mtrr_range *const other = &mtrr->variable[i];

		if (((range->base ^ other->base) & range->mask & other->mask) == 0 &&
		    !combines(range->type, other->type))
			return false;
	}
	return defined(range->type) && (range->base & ~range->mask) == 0 && (range->mask & 0xfff) == 0 &&
	       range->mask >> 52 == 0;
}

static bool well_formed(const struct mtrr *mtrr, uint32_t ranges)
{
	bool good = mtrr->count <= ranges && defined(mtrr->default_type);

	for (uint32_t i = 0; i < ranges; i++)
		good = good && (i >= mtrr->count || range_well_formed(mtrr, i));
	for (unsigned i = 0; mtrr->fixed_enabled && i < MTRR_FIXED; i++) {
		for (unsigned k = 0; k < 8; k++)
			good = good && defined(mtrr->fixed[i] >> 8 * k & 0xff);
	}
	return good;
}

/* The first MiB: 8 types each of 64 KiB, 16 KiB, 16 KiB, 4 KiB ... (12.11.2.2). */
static unsigned fixed_of(const struct mtrr *mtrr, uint64_t address)
{
	if (address < 0x80000)
		return mtrr->fixed[0] >> 8 * (address >> 16) & 0xff;
	if (address < 0xc0000)
		return mtrr->fixed[1 + (address >> 17 & 1)] >> 8 * (address >> 14 & 7) & 0xff;
	return mtrr->fixed[3 + (address >> 15 & 7)] >> 8 * (address >> 12 & 7) & 0xff;
}

/* Uncacheable before write-through before the only type (12.11.4.1). */
static unsigned type_of(const struct mtrr *mtrr, uint64_t address)
{
	bool uncacheable = false, through = false;
	unsigned type = mtrr->default_type;

	if (address < 0x100000 && mtrr->fixed_enabled)
		return fixed_of(mtrr, address);
	for (uint32_t i = 0; i < mtrr->count; i++) {
		if ((address & mtrr->variable[i].mask) != mtrr->variable[i].base)
			continue;
		type = mtrr->variable[i].type;
		uncacheable = uncacheable || type == 0;
		through = through || type == 4;
	}
	return uncacheable ? 0 : through ? 4 : type;
}

void prove_mtrr_type(void)
{
	struct mtrr mtrr;
	uint64_t base, address;
	unsigned shift, type;

	mtrr.fixed_enabled = any_bool();
	ASSUME(well_formed(&mtrr, RANGES) && (shift == 12 || shift == 21 || shift == 30));
	const uint64_t bytes = 1ull << shift;

	ASSUME((base & (bytes - 1)) == 0 && base >> 52 == 0 && (address & ~(bytes - 1)) == base);
	const bool single = mtrr_type(&mtrr, paddr(base), bytes, &type);

	PROVE(single || shift != 12);
	PROVE(!single || type == type_of(&mtrr, address));
	REACHABLE(single && shift == 30 && type == 6 && mtrr.count == RANGES);
	REACHABLE(!single && shift == 21 && base >= 0x100000);
	REACHABLE(single && address < 0x100000 && type == 5 && mtrr.fixed_enabled);
	REACHABLE(single && type == 4 && mtrr.count == 2 && mtrr.variable[0].type == 6 && mtrr.default_type == 0);
}

/* Every register has its own value, the same at each read. */
uint64_t rdmsr(uint32_t msr)
{
	if (msr == 0xfe)
		return capabilities;
	if (msr == 0x2ff)
		return definition;
	if (msr >= 0x200 && msr < 0x200 + 2 * READ_RANGES)
		return variable[msr - 0x200];
	PROVE(msr == 0x250 || msr == 0x258 || msr == 0x259 || (msr >= 0x268 && msr <= 0x26f));
	return fixed;
}

void prove_mtrr_read(void)
{
	struct mtrr mtrr;
	uint32_t phys_bits;

	__CPROVER_havoc_object(&capabilities);
	__CPROVER_havoc_object(&definition);
	__CPROVER_havoc_object(&fixed);
	__CPROVER_havoc_object(variable);
	ASSUME(phys_bits >= 36 && phys_bits <= 52);
	ASSUME((capabilities & 0xff) <= READ_RANGES || (capabilities & 0xff) > 16);
	if (mtrr_read(&mtrr, phys_bits) != HV_OK)
		return;
	PROVE(well_formed(&mtrr, READ_RANGES) && mtrr.count <= (capabilities & 0xff));
	REACHABLE(mtrr.count == READ_RANGES && mtrr.fixed_enabled);
	REACHABLE(mtrr.count == 0 && mtrr.default_type == 6);
}
