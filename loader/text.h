/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text without a C library: a small part of printf. */
#ifndef LOADER_TEXT_H
#define LOADER_TEXT_H

#include <stdarg.h>
#include <stddef.h>

/**
 * Formats into 'to', at most capacity - 1 bytes and a terminator; what does not fit is cut. Returns the length.
 * Conversions: %s, %u, %x, %lu, %lx (64 bits), %%.
 * @capacity: at least 1
 */
size_t text_vformat(char *to, size_t capacity, const char *format, va_list arguments)
	__attribute__((format(printf, 3, 0)));

size_t text_format(char *to, size_t capacity, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
