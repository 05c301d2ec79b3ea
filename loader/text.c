/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text without a C library: a small part of printf. */
#include "text.h"

#include <stdbool.h>
#include <stdint.h>

struct output {
	char *to;
	size_t capacity;
	size_t used;
};

static void put(struct output *out, char c)
{
	if (out->used + 1 < out->capacity)
		out->to[out->used++] = c;
}

static void put_string(struct output *out, const char *string)
{
	while (*string)
		put(out, *string++);
}

static void put_number(struct output *out, uint64_t value, unsigned int base)
{
	char digits[20]; /* 2^64 has 20 decimal digits */
	unsigned int count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (count)
		put(out, digits[--count]);
}

size_t text_vformat(char *to, size_t capacity, const char *format, va_list arguments)
{
	struct output out = {.to = to, .capacity = capacity};

	for (; *format; format++) {
		if (*format != '%') {
			put(&out, *format);
			continue;
		}
		const bool is_long = *++format == 'l';
		if (is_long)
			format++;
		if (*format == 's')
			put_string(&out, va_arg(arguments, const char *));
		else if (*format == '%')
			put(&out, '%');
		else
			put_number(&out, is_long ? va_arg(arguments, uint64_t) : va_arg(arguments, uint32_t),
				   *format == 'x' ? 16 : 10);
	}
	to[out.used] = '\0';
	return out.used;
}

size_t text_format(char *to, size_t capacity, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	const size_t length = text_vformat(to, capacity, format, arguments);
	va_end(arguments);
	return length;
}
