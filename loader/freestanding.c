/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of <string.h> that the compiler, mbedTLS and the parsers expect. */
#include <stdint.h>
#include <string.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	void *result = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
	return result;
}

void *memmove(void *to, const void *from, size_t bytes)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	if ((uintptr_t)to <= (uintptr_t)from)
		return memcpy(to, from, bytes);
	while (bytes--)
		t[bytes] = f[bytes];
	return to;
}

/* Eight bytes at a time: the hypervisor's region has millions of them. */
void *memset(void *to, int value, size_t bytes)
{
	const uint64_t pattern = 0x0101010101010101u * (uint8_t)value;
	void *result = to;
	size_t words = bytes / sizeof(pattern);

	bytes %= sizeof(pattern);
	__asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(pattern) : "memory");
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(bytes) : "a"(pattern) : "memory");
	return result;
}

int memcmp(const void *left, const void *right, size_t bytes)
{
	const uint8_t *l = left, *r = right;

	for (; bytes; bytes--, l++, r++) {
		if (*l != *r)
			return *l - *r;
	}
	return 0;
}

void *memchr(const void *memory, int value, size_t bytes)
{
	for (const uint8_t *m = memory; bytes; bytes--, m++) {
		if (*m == (uint8_t)value)
			return (void *)(uintptr_t)m;
	}
	return NULL;
}

size_t strlen(const char *string)
{
	size_t length = 0;

	while (string[length])
		length++;
	return length;
}

int strncmp(const char *left, const char *right, size_t limit)
{
	for (; limit; limit--, left++, right++) {
		if (*left != *right || !*left)
			return (uint8_t)*left - (uint8_t)*right;
	}
	return 0;
}

int strcmp(const char *left, const char *right)
{
	return strncmp(left, right, SIZE_MAX);
}

char *strchr(const char *string, int value)
{
	return memchr(string, value, strlen(string) + 1);
}
