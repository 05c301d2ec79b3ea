/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MTRRs: which memory type an address has (SDM 3A 12.11.4.1 for ranges that overlap). */
#include "mtrr.h"

#include "x86/msr.h"
#include "x86/instructions.h"

#define CAP_COUNT(cap)    ((uint32_t)((cap) & 0xff))
#define CAP_FIXED         (1ull << 8)
#define DEF_ENABLED       (1ull << 11)
#define DEF_FIXED_ENABLED (1ull << 10)
#define MASK_VALID        (1ull << 11)
#define FIXED_END         0x100000ull
#define UNDEFINED         0xffu

static const uint32_t fixed_msrs[MTRR_FIXED] = {
	IA32_MTRR_FIX64K,          IA32_MTRR_FIX16K_80000,    IA32_MTRR_FIX16K_A0000,    IA32_MTRR_FIX4K_C0000,
	IA32_MTRR_FIX4K_C0000 + 1, IA32_MTRR_FIX4K_C0000 + 2, IA32_MTRR_FIX4K_C0000 + 3, IA32_MTRR_FIX4K_C0000 + 4,
	IA32_MTRR_FIX4K_C0000 + 5, IA32_MTRR_FIX4K_C0000 + 6, IA32_MTRR_FIX4K_F8000,
};

static bool type_defined(unsigned type)
{
	return type == TYPE_UC || type == TYPE_WC || (type >= TYPE_WT && type <= TYPE_WB);
}

/* Two variable ranges over one address: uncacheable wins, write-through wins over write-back. */
static unsigned combine(unsigned a, unsigned b)
{
	if (a == b)
		return a;
	if (a == TYPE_UC || b == TYPE_UC)
		return TYPE_UC;
	return (a == TYPE_WT && b == TYPE_WB) || (a == TYPE_WB && b == TYPE_WT) ? TYPE_WT : UNDEFINED;
}

static enum hv_error read_fixed(struct mtrr *mtrr)
{
	for (unsigned i = 0; i < MTRR_FIXED; i++) {
		mtrr->fixed[i] = rdmsr(fixed_msrs[i]);
		for (unsigned k = 0; k < 8; k++) {
			if (!type_defined(mtrr->fixed[i] >> 8 * k & 0xff))
				return HV_E_MTRR;
		}
	}
	return HV_OK;
}

/* Adds a range; it may share addresses with another only where the result is defined. */
static enum hv_error add(struct mtrr *mtrr, const struct mtrr_range *range)
{
	if (!type_defined(range->type))
		return HV_E_MTRR;
	for (uint32_t i = 0; i < mtrr->count; i++) {
		const struct mtrr_range *const other = &mtrr->variable[i];
		const bool disjoint = ((range->base ^ other->base) & range->mask & other->mask) != 0;

		if (!disjoint && combine(range->type, other->type) == UNDEFINED)
			return HV_E_MTRR;
	}
	mtrr->variable[mtrr->count++] = *range;
	return HV_OK;
}

static enum hv_error read_variable(struct mtrr *mtrr, uint32_t count, uint32_t phys_bits)
{
	const uint64_t address = ((1ull << phys_bits) - 1) & ~0xfffull;

	if (count > MTRR_VARIABLE_MAX)
		return HV_E_MTRR;
	for (uint32_t i = 0; i < count; i++) {
		const uint64_t base = rdmsr(IA32_MTRR_PHYSBASE0 + 2 * i), mask = rdmsr(IA32_MTRR_PHYSBASE0 + 2 * i + 1);
		const struct mtrr_range range = {base & mask & address, mask & address, (uint8_t)base};

		if ((mask & MASK_VALID) != 0 && add(mtrr, &range) != HV_OK)
			return HV_E_MTRR;
	}
	return HV_OK;
}

enum hv_error mtrr_read(struct mtrr *mtrr, uint32_t phys_bits)
{
	const uint64_t capabilities = rdmsr(IA32_MTRRCAP), definition = rdmsr(IA32_MTRR_DEF_TYPE);

	*mtrr = (struct mtrr){.default_type = TYPE_UC};
	if ((definition & DEF_ENABLED) == 0)
		return HV_OK;
	mtrr->default_type = (uint8_t)definition;
	mtrr->fixed_enabled = (capabilities & CAP_FIXED) != 0 && (definition & DEF_FIXED_ENABLED) != 0;
	if (!type_defined(mtrr->default_type) || (mtrr->fixed_enabled && read_fixed(mtrr) != HV_OK))
		return HV_E_MTRR;
	return read_variable(mtrr, CAP_COUNT(capabilities), phys_bits);
}

static unsigned fixed_type(const struct mtrr *mtrr, uint64_t address)
{
	uint64_t index; /* of the byte, counted over all registers */

	if (address < 0x80000)
		index = address >> 16;
	else if (address < 0xc0000)
		index = 8 + ((address - 0x80000) >> 14);
	else
		index = 24 + ((address - 0xc0000) >> 12);
	return mtrr->fixed[index / 8] >> 8 * (index % 8) & 0xff;
}

bool mtrr_type(const struct mtrr *mtrr, paddr_t base, uint64_t bytes, unsigned *type)
{
	bool matched = false;

	if (mtrr->fixed_enabled && base.value < FIXED_END) {
		*type = fixed_type(mtrr, base.value);
		return bytes == 4096;
	}
	*type = mtrr->default_type;
	for (uint32_t i = 0; i < mtrr->count; i++) {
		const struct mtrr_range *const range = &mtrr->variable[i];

		if (((base.value ^ range->base) & range->mask & ~(bytes - 1)) != 0)
			continue; /* no address of the block belongs to it */
		if ((range->mask & (bytes - 1)) != 0)
			return false; /* some may, some may not */
		*type = matched ? combine(*type, range->type) : range->type;
		matched = true;
	}
	return true;
}

#define LARGEST_BLOCK (1ull << 30) /* terabytes are walked in thousands of steps */

uint64_t mtrr_write_back_end(const struct mtrr *mtrr, paddr_t base, uint64_t end)
{
	while (base.value < end) {
		uint64_t bytes = LARGEST_BLOCK;
		unsigned type;

		while ((base.value & (bytes - 1)) != 0 || !mtrr_type(mtrr, base, bytes, &type))
			bytes /= 2;
		if (type != TYPE_WB)
			return base.value;
		base.value += bytes;
	}
	return end;
}
