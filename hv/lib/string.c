/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory and string functions. Copies are string instructions: short, fast where the CPU has ERMS, and no
 * loop that the compiler could turn into a call of the very function that contains it.
 */
#include "string.h"

#include <stdint.h>

#define WORD sizeof(uint64_t)

void *memcpy(void *restrict destination, const void *restrict source, size_t bytes)
{
	void *to = destination;
	size_t words = bytes / WORD;
	size_t rest = bytes % WORD;

	__asm__ volatile("rep movsq" : "+D"(to), "+S"(source), "+c"(words) : : "memory");
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(source), "+c"(rest) : : "memory");
	return destination;
}

void *memset(void *destination, int value, size_t bytes)
{
	void *to = destination;
	const uint64_t pattern = 0x0101010101010101ull * (uint8_t)value;
	size_t words = bytes / WORD;
	size_t rest = bytes % WORD;

	__asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(rest) : "a"(pattern) : "memory");
	return destination;
}

int memcmp(const void *left, const void *right, size_t bytes)
{
	const uint8_t *l = left;
	const uint8_t *r = right;

	for (size_t i = 0; i < bytes; i++)
		if (l[i] != r[i])
			return l[i] - r[i];
	return 0;
}
