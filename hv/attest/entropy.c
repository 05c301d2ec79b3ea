/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RDSEED and RDRAND, always in the 64-bit form: the 16-bit and 32-bit RDSEED of some Zen 5 CPUs return zero as a
 * success (AMD-SB-7055).
 */
#include "entropy.h"

#include <cpuid.h>
#include <stdbool.h>

#include "x86/cpuid.h"

#define RDRAND_TRIES 10u   /* SDM vol. 1, 7.3.17.1: ten failures in a row mean a broken unit */
#define RDSEED_TRIES 1000u /* runs dry for microseconds in regular use */

static bool cpu_has_rdrand(void)
{
	unsigned eax, ebx, ecx, edx;

	return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & LEAF1_ECX_RDRAND);
}

static bool cpu_has_rdseed(void)
{
	unsigned eax, ebx, ecx, edx;

	return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & LEAF7_EBX_RDSEED);
}

static bool rdrand(uint64_t *word)
{
	bool valid = false;

	for (unsigned n = 0; n < RDRAND_TRIES && !valid; n++)
		__asm__ volatile("rdrand %0" : "=r"(*word), "=@ccc"(valid));
	return valid;
}

static bool rdseed(uint64_t *word)
{
	bool valid = false;

	for (unsigned n = 0; n < RDSEED_TRIES && !valid; n++)
		__asm__ volatile("pause; rdseed %0" : "=r"(*word), "=@ccc"(valid));
	return valid;
}

enum hv_error entropy_fill(uint64_t *words, size_t count)
{
	const bool has_rdseed = cpu_has_rdseed();
	const bool has_rdrand = cpu_has_rdrand();

	for (size_t i = 0; i < count; i++)
		if (!(has_rdseed && rdseed(&words[i])) && !(has_rdrand && rdrand(&words[i])))
			return HV_E_NO_ENTROPY;
	return HV_OK;
}
