/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Negotiation of controls: one table says what must be on, may be on and must be off. */
#include "controls.h"

#include <stdbool.h>
#include <stddef.h>

#include "x86/msr.h"
#include "guest.h"
#include "x86/instructions.h"

#define BASIC_TRUE_CONTROLS (1ull << 55)
#define BASIC_REVISION      0x7fffffffu

/* IA32_VMX_EPT_VPID_CAP: 4 levels, write-back, 2 MiB, 1 GiB, INVEPT of a single and of all contexts */
#define CAP_EPT (1ull << 6 | 1ull << 14 | 1ull << 16 | 1ull << 17 | 1ull << 20 | 1ull << 25 | 1ull << 26)
/* INVVPID of a single and of all contexts */
#define CAP_VPID (1ull << 32 | 1ull << 41 | 1ull << 42)

static const uint32_t capability_msr[CONTROL_WORDS][2] = {
	[WORD_PIN] = {IA32_VMX_PINBASED_CTLS, IA32_VMX_TRUE_PINBASED},
	[WORD_PRIMARY] = {IA32_VMX_PROCBASED_CTLS, IA32_VMX_TRUE_PROCBASED},
	[WORD_SECONDARY] = {IA32_VMX_PROC_CTLS2, IA32_VMX_PROC_CTLS2},
	[WORD_EXIT] = {IA32_VMX_EXIT_CTLS, IA32_VMX_TRUE_EXIT},
	[WORD_ENTRY] = {IA32_VMX_ENTRY_CTLS, IA32_VMX_TRUE_ENTRY},
};

enum demand {
	REQUIRED,  /* on from the first entry */
	AVAILABLE, /* switched on at times */
	OPTIONAL,  /* on where the CPU has it: lets the guest use an instruction that CPUID shows */
	FORBIDDEN, /* must not be stuck at 1 */
};

struct control_rule {
	enum control_word word;
	enum demand demand;
	uint32_t bits;
	enum hv_error error;
};

/* In the order of the words: the secondary MSR exists only where the primary word has its bit. */
static const struct control_rule rules[] = {
	{WORD_PIN, REQUIRED, PIN_NMI | PIN_VIRTUAL_NMIS, HV_E_NO_VIRTUAL_NMI},
	{WORD_PIN, AVAILABLE, PIN_EXTERNAL_INTERRUPT, HV_E_NO_BITMAPS},
	{WORD_PRIMARY, REQUIRED, PRIMARY_SECONDARY, HV_E_NO_EPT},
	{WORD_PRIMARY, REQUIRED, PRIMARY_IO_BITMAPS | PRIMARY_MSR_BITMAP, HV_E_NO_BITMAPS},
	{WORD_PRIMARY, AVAILABLE, PRIMARY_NMI_WINDOW, HV_E_NO_VIRTUAL_NMI},
	{WORD_PRIMARY, AVAILABLE, PRIMARY_TRAP_FLAG, HV_E_NO_TRAP_FLAG},
	{WORD_PRIMARY, AVAILABLE, PRIMARY_GUEST | PRIMARY_INTERRUPT_WINDOW, HV_E_NO_BITMAPS},
	{WORD_PRIMARY, FORBIDDEN, PRIMARY_CR3_LOAD | PRIMARY_CR3_STORE, HV_E_CR3_EXITS},
	{WORD_SECONDARY, REQUIRED, SECONDARY_EPT, HV_E_NO_EPT},
	{WORD_SECONDARY, REQUIRED, SECONDARY_VPID, HV_E_NO_VPID},
	{WORD_SECONDARY, REQUIRED, SECONDARY_UNRESTRICTED, HV_E_NO_UNRESTRICTED},
	{WORD_SECONDARY, AVAILABLE, SECONDARY_WBINVD, HV_E_NO_BITMAPS},
	{WORD_SECONDARY, OPTIONAL, SECONDARY_RDTSCP, HV_OK},
	{WORD_SECONDARY, OPTIONAL, SECONDARY_INVPCID, HV_OK},
	{WORD_SECONDARY, OPTIONAL, SECONDARY_XSAVES, HV_OK},
	{WORD_SECONDARY, OPTIONAL, SECONDARY_USER_WAIT, HV_OK},
	{WORD_EXIT, REQUIRED,
	 EXIT_SAVE_DEBUG | EXIT_HOST_64BIT | EXIT_SAVE_PAT | EXIT_LOAD_PAT | EXIT_SAVE_EFER | EXIT_LOAD_EFER,
	 HV_E_NO_MSR_SWITCH},
	{WORD_ENTRY, REQUIRED, ENTRY_LOAD_DEBUG | ENTRY_IA32E | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER, HV_E_NO_MSR_SWITCH},
};

/* @must: bits stuck at 1; @may: bits that can be 1. An optional control has a rule for itself. */
static enum hv_error apply(const struct control_rule *rule, uint32_t must, uint32_t may, uint32_t *word)
{
	if (rule->demand == FORBIDDEN)
		return (must & rule->bits) != 0 ? rule->error : HV_OK;
	if ((may & rule->bits) != rule->bits)
		return rule->error;
	if (rule->demand != AVAILABLE)
		*word |= rule->bits;
	return HV_OK;
}

static enum hv_error negotiate_word(enum control_word which, bool true_msrs, uint32_t *word)
{
	const uint64_t capability = rdmsr(capability_msr[which][true_msrs]);
	const uint32_t must = (uint32_t)capability, may = (uint32_t)(capability >> 32);
	enum hv_error error;

	*word = must;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (rules[i].word == which && (error = apply(&rules[i], must, may, word)) != HV_OK)
			return error;
	}
	return HV_OK;
}

enum hv_error controls_negotiate(struct controls *controls)
{
	const uint64_t basic = rdmsr(IA32_VMX_BASIC);

	controls->revision = (uint32_t)basic & BASIC_REVISION;
	for (unsigned which = 0; which < CONTROL_WORDS; which++) {
		const bool true_msrs = (basic & BASIC_TRUE_CONTROLS) != 0;
		const enum hv_error error = negotiate_word(which, true_msrs, &controls->word[which]);

		if (error != HV_OK)
			return error;
	}
	const uint64_t capabilities = rdmsr(IA32_VMX_EPT_VPID_CAP);

	if ((capabilities & CAP_EPT) != CAP_EPT)
		return HV_E_NO_EPT;
	return (capabilities & CAP_VPID) == CAP_VPID ? HV_OK : HV_E_NO_VPID;
}
