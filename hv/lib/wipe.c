/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clearing of secrets, see wipe.h. */
#include "wipe.h"

#include <stdint.h>
#include <string.h>

#define CACHE_LINE 64u /* CPUID 1.EBX[15:8] * 8: 64 on every x86-64 CPU */

void secure_wipe(void *memory, size_t bytes)
{
	memset(memory, 0, bytes);
	__asm__ volatile("" : : "r"(memory) : "memory");
}

void secure_wipe_through(void *memory, size_t bytes)
{
	const uintptr_t end = (uintptr_t)memory + bytes;

	secure_wipe(memory, bytes);
	for (uintptr_t line = (uintptr_t)memory & ~(uintptr_t)(CACHE_LINE - 1); line < end; line += CACHE_LINE)
		__asm__ volatile("clflush (%0)" : : "r"(line) : "memory");
	__asm__ volatile("mfence" : : : "memory");
}
