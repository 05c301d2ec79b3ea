/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "text.h"

char *append_text(char *to, const char *text)
{
	while (*text)
		*to++ = *text++;
	return to;
}

char *append_number(char *to, uint64_t value, unsigned int base)
{
	char digits[NUMBER_BYTES];
	unsigned int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (n)
		*to++ = digits[--n];
	return to;
}
