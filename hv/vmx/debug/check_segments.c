/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest segment registers and descriptor tables (SDM 3C 26.3.1.2, 26.3.1.3). */
#include "debug/check.h"
#include "instructions.h"
#include "x86/registers.h"

#define RFLAGS_VM    (1ull << 17)
#define SELECTOR_TI  4u
#define TYPE_DATA_RW 3u
#define TYPE_CODE    8u
#define RIGHTS_V86   0xf3u

/* Names of what is checked, by segment. */
struct names {
	const char *selector, *base, *limit, *type, *rights, *dpl;
};

#define NAMES(segment)                                                                               \
	{"guest " segment " selector", "guest " segment " base",          "guest " segment " limit", \
	 "guest " segment " type",     "guest " segment " access rights", "guest " segment " DPL"}

static const struct names names[SEGMENTS] = {
	NAMES("ES"), NAMES("CS"), NAMES("SS"), NAMES("DS"), NAMES("FS"), NAMES("GS"), NAMES("LDTR"), NAMES("TR"),
};

static uint64_t selector_of(enum vmcs_segment which)
{
	return vmread(SEGMENT_FIELD(GUEST_ES_SELECTOR, which));
}

static uint64_t base_of(enum vmcs_segment which)
{
	return vmread(SEGMENT_FIELD(GUEST_ES_BASE, which));
}

static uint64_t limit_of(enum vmcs_segment which)
{
	return vmread(SEGMENT_FIELD(GUEST_ES_LIMIT, which));
}

static uint64_t rights_of(enum vmcs_segment which)
{
	return vmread(SEGMENT_FIELD(GUEST_ES_RIGHTS, which));
}

static bool usable(enum vmcs_segment which)
{
	return (rights_of(which) & RIGHTS_UNUSABLE) == 0;
}

static unsigned dpl_of(enum vmcs_segment which)
{
	return (unsigned)(rights_of(which) & RIGHTS_DPL) >> 5;
}

static unsigned type_of(enum vmcs_segment which)
{
	return (unsigned)rights_of(which) & RIGHTS_TYPE;
}

/* Present, reserved bits, S, granularity that fits the limit. */
static void check_common(struct check *check, enum vmcs_segment which, bool system)
{
	const uint64_t rights = rights_of(which), limit = limit_of(which);
	const bool pages = (rights & RIGHTS_G) != 0;

	require(check, (rights & RIGHTS_P) != 0, names[which].rights, rights, "present");
	require(check, (rights & RIGHTS_RESERVED) == 0, names[which].rights, rights, "without reserved bits");
	require(check, ((rights & RIGHTS_S) == 0) == system, names[which].rights, rights,
		system ? "with S clear" : "with S set");
	require(check, !pages || (limit & 0xfff) == 0xfff, names[which].limit, limit,
		"all of its last page, or G clear");
	require(check, pages || limit >> 20 == 0, names[which].limit, limit, "below 1 MiB, or G set");
}

static void check_code(struct check *check)
{
	const uint64_t rights = rights_of(SEGMENT_CS);
	const unsigned type = type_of(SEGMENT_CS), dpl = dpl_of(SEGMENT_CS), stack = dpl_of(SEGMENT_SS);
	const bool data = type == TYPE_DATA_RW, conforming = type == 13 || type == 15;
	const bool is_long = (vmread(ENTRY_CONTROLS) & ENTRY_IA32E) != 0 && (rights & RIGHTS_L) != 0;

	require(check, usable(SEGMENT_CS), names[SEGMENT_CS].rights, rights, "usable");
	require(check, data || (type & (TYPE_CODE | 1)) == (TYPE_CODE | 1), names[SEGMENT_CS].type, type,
		"3, 9, 11, 13 or 15");
	require(check, !data || dpl == 0, names[SEGMENT_CS].dpl, dpl, "0 for a data segment");
	require(check, data || conforming || dpl == stack, names[SEGMENT_CS].dpl, dpl, "SS's DPL");
	require(check, !conforming || dpl <= stack, names[SEGMENT_CS].dpl, dpl, "at most SS's DPL");
	require(check, !is_long || (rights & RIGHTS_DB) == 0, names[SEGMENT_CS].rights, rights,
		"with D clear where L is set");
	check_common(check, SEGMENT_CS, false);
}

static void check_stack(struct check *check)
{
	const unsigned type = type_of(SEGMENT_SS), dpl = dpl_of(SEGMENT_SS);
	const bool zero = type_of(SEGMENT_CS) == TYPE_DATA_RW || (vmread(GUEST_CR0) & CR0_PE) == 0;

	require(check, !zero || dpl == 0, names[SEGMENT_SS].dpl, dpl, "0 in real mode or where CS is a data segment");
	if (!usable(SEGMENT_SS))
		return;
	require(check, type == TYPE_DATA_RW || type == 7, names[SEGMENT_SS].type, type, "3 or 7");
	check_common(check, SEGMENT_SS, false);
}

static void check_data(struct check *check, enum vmcs_segment which)
{
	const unsigned type = type_of(which);

	if (!usable(which))
		return;
	require(check, (type & 1) != 0 && ((type & TYPE_CODE) == 0 || (type & 2) != 0), names[which].type, type,
		"accessed, and readable if code");
	check_common(check, which, false);
}

static void check_virtual_8086(struct check *check, enum vmcs_segment which)
{
	require(check, base_of(which) == selector_of(which) << 4, names[which].base, base_of(which),
		"the selector times 16 in virtual-8086 mode");
	require(check, limit_of(which) == 0xffff, names[which].limit, limit_of(which), "ffff in virtual-8086 mode");
	require(check, rights_of(which) == RIGHTS_V86, names[which].rights, rights_of(which),
		"f3 in virtual-8086 mode");
}

static void check_tr(struct check *check)
{
	const unsigned type = type_of(SEGMENT_TR);
	const bool long_mode = (vmread(ENTRY_CONTROLS) & ENTRY_IA32E) != 0;

	require(check, usable(SEGMENT_TR), names[SEGMENT_TR].rights, rights_of(SEGMENT_TR), "usable");
	require(check, (selector_of(SEGMENT_TR) & SELECTOR_TI) == 0, names[SEGMENT_TR].selector,
		selector_of(SEGMENT_TR), "in the GDT");
	require(check, canonical(base_of(SEGMENT_TR)), names[SEGMENT_TR].base, base_of(SEGMENT_TR), "canonical");
	require(check, type == 11 || (type == 3 && !long_mode), names[SEGMENT_TR].type, type,
		long_mode ? "11" : "3 or 11");
	check_common(check, SEGMENT_TR, true);
}

static void check_ldtr(struct check *check)
{
	if (!usable(SEGMENT_LDTR))
		return;
	require(check, (selector_of(SEGMENT_LDTR) & SELECTOR_TI) == 0, names[SEGMENT_LDTR].selector,
		selector_of(SEGMENT_LDTR), "in the GDT");
	require(check, canonical(base_of(SEGMENT_LDTR)), names[SEGMENT_LDTR].base, base_of(SEGMENT_LDTR), "canonical");
	require(check, type_of(SEGMENT_LDTR) == 2, names[SEGMENT_LDTR].type, type_of(SEGMENT_LDTR), "2");
	check_common(check, SEGMENT_LDTR, true);
}

static void check_bases(struct check *check)
{
	for (unsigned which = SEGMENT_ES; which <= SEGMENT_DS; which++) {
		require(check, base_of(which) >> 32 == 0 || (which != SEGMENT_CS && !usable(which)), names[which].base,
			base_of(which), "32 bits");
	}
	require(check, canonical(base_of(SEGMENT_FS)), names[SEGMENT_FS].base, base_of(SEGMENT_FS), "canonical");
	require(check, canonical(base_of(SEGMENT_GS)), names[SEGMENT_GS].base, base_of(SEGMENT_GS), "canonical");
}

static void check_tables(struct check *check)
{
	require(check, canonical(vmread(GUEST_GDTR_BASE)), "guest GDTR base", vmread(GUEST_GDTR_BASE), "canonical");
	require(check, canonical(vmread(GUEST_IDTR_BASE)), "guest IDTR base", vmread(GUEST_IDTR_BASE), "canonical");
	require(check, vmread(GUEST_GDTR_LIMIT) >> 16 == 0, "guest GDTR limit", vmread(GUEST_GDTR_LIMIT), "16 bits");
	require(check, vmread(GUEST_IDTR_LIMIT) >> 16 == 0, "guest IDTR limit", vmread(GUEST_IDTR_LIMIT), "16 bits");
}

void check_segments(struct check *check)
{
	check_tr(check);
	check_ldtr(check);
	check_bases(check);
	check_tables(check);
	if ((vmread(GUEST_RFLAGS) & RFLAGS_VM) != 0) {
		for (unsigned which = SEGMENT_ES; which <= SEGMENT_GS; which++)
			check_virtual_8086(check, which);
		return;
	}
	check_code(check);
	check_stack(check);
	check_data(check, SEGMENT_DS);
	check_data(check, SEGMENT_ES);
	check_data(check, SEGMENT_FS);
	check_data(check, SEGMENT_GS);
}
