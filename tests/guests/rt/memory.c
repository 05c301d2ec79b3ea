/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the compiler calls for larger structures. */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict destination, const void *restrict source, size_t bytes);
void *memset(void *destination, int value, size_t bytes);

void *memcpy(void *restrict destination, const void *restrict source, size_t bytes)
{
	void *to = destination;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(source), "+c"(bytes) : : "memory");
	return destination;
}

void *memset(void *destination, int value, size_t bytes)
{
	void *to = destination;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(value) : "memory");
	return destination;
}
