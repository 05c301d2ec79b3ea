/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which mitigations this CPU needs (APM 3 appendix E.4; AMD's papers on branch type confusion, speculative return stack
 * overflow and transient scheduler attacks). Indirect branches need none: there are none.
 */
#include "speculation.h"

#include "machine/features.h"
#include "machine/machine.h"
#include "vendor_machine.h"
#include "x86/cpuid.h"

#define EXT8_EBX_BTC_NO      (1u << 29)
#define EXT8_EBX_IBPB_RET    (1u << 30)
#define LEAF_EXT21           0x80000021u
#define EXT21_EAX_VERW_CLEAR (1u << 5)
#define EXT21_EAX_SRSO_NO    (1u << 29)
#define EXT21_ECX_TSA_NO     (3u << 1) /* TSA_SQ_NO and TSA_L1_NO */

void speculation_choose(struct machine *m)
{
	struct speculation *const chosen = &m->vendor->speculation;
	const struct cpuid_result ext8 = cpu_leaf(LEAF_EXT8, 0), ext21 = cpu_leaf(LEAF_EXT21, 0);
	const bool own_returns = (ext8.ebx & EXT8_EBX_BTC_NO) != 0 && (ext21.eax & EXT21_EAX_SRSO_NO) != 0;

	chosen->returns_stay = (ext8.ebx & (EXT8_EBX_IBPB | EXT8_EBX_IBPB_RET)) == EXT8_EBX_IBPB;
	chosen->flush_predictors = (ext8.ebx & EXT8_EBX_IBPB) != 0 && !own_returns;
	chosen->clear_buffers =
		(ext21.eax & EXT21_EAX_VERW_CLEAR) != 0 && (ext21.ecx & EXT21_ECX_TSA_NO) != EXT21_ECX_TSA_NO;
	console_line(m, "VM exit: IBPB %s; VM entry: VERW %s; indirect branches: none",
		     chosen->flush_predictors ? "yes" : "no", chosen->clear_buffers ? "yes" : "no");
}
