/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Memory and string functions. Copies are string instructions: short, fast where the CPU has ERMS, and no
 * loop that the compiler could turn into a call of the very function that it stands in.
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

/* Byte by byte from the end, for a destination that overlaps the source's tail. */
static void copy_backward(uint8_t *to, const uint8_t *from, size_t bytes)
{
	to += bytes - 1;
	from += bytes - 1;
	__asm__ volatile("std; rep movsb; cld" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory", "cc");
}

void *memmove(void *destination, const void *source, size_t bytes)
{
	/* Unsigned: a destination before the source is far away, too. */
	if ((uintptr_t)destination - (uintptr_t)source >= bytes)
		return memcpy(destination, source, bytes);
	copy_backward(destination, source, bytes);
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

size_t strlen(const char *text)
{
	size_t bytes = 0;

	while (text[bytes] != '\0')
		bytes++;
	return bytes;
}
