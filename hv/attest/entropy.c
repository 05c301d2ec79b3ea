/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RDSEED and RDRAND, always in the 64-bit form: the 16-bit and 32-bit RDSEED of some Zen 5 CPUs return zero as a
 * success (AMD-SB-7055).
 */
#include "entropy.h"

#include "x86/cpuid.h"
#include "x86/instructions.h"

#define RDRAND_TRIES 10u   /* SDM vol. 1, 7.3.17.1: ten failures in a row mean a broken unit */
#define RDSEED_TRIES 1000u /* runs dry for microseconds in regular use */

static bool rdrand_word(uint64_t *word)
{
	for (unsigned n = 0; n < RDRAND_TRIES; n++)
		if (rdrand(word))
			return true;
	return false;
}

static bool rdseed_word(uint64_t *word)
{
	for (unsigned n = 0; n < RDSEED_TRIES; n++)
		if (rdseed(word))
			return true;
	return false;
}

enum hv_error entropy_fill(uint64_t *words, size_t count)
{
	const bool has_rdrand = (cpuid(1, 0).ecx & LEAF1_ECX_RDRAND) != 0;
	const bool has_rdseed = cpuid(0, 0).eax >= 7 && (cpuid(7, 0).ebx & LEAF7_EBX_RDSEED) != 0;

	for (size_t i = 0; i < count; i++)
		if (!(has_rdseed && rdseed_word(&words[i])) && !(has_rdrand && rdrand_word(&words[i])))
			return HV_E_NO_ENTROPY;
	return HV_OK;
}
