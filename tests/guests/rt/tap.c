/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TAP, and a printf that is just enough for it. */
#include "tap.h"
#include "serial.h"
#include "text.h"

#include <stdarg.h>

static unsigned int results, failures;

static void put_string(const char *s)
{
	while (*s)
		serial_put(*s++);
}

static void put_number(uint64_t value, unsigned int base)
{
	char text[NUMBER_BYTES + 1];

	*append_number(text, value, base) = '\0';
	put_string(text);
}

static void put_signed(int value)
{
	if (value < 0)
		serial_put('-');
	put_number(value < 0 ? -(uint64_t)(int64_t)value : (uint64_t)value, 10);
}

/* One conversion, after its '%'; returns the format's rest. */
static const char *put_conversion(const char *format, va_list *arguments)
{
	const bool wide = *format == 'l';

	switch (*(format += wide)) {
	case 's':
		put_string(va_arg(*arguments, const char *));
		break;
	case 'c':
		serial_put((char)va_arg(*arguments, int));
		break;
	case 'd':
		put_signed(va_arg(*arguments, int));
		break;
	default:
		put_number(wide ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned int),
			   *format == 'x' ? 16 : 10);
	}
	return format + 1;
}

static void put_format(const char *format, va_list *arguments)
{
	while (*format) {
		if (*format == '%')
			format = put_conversion(format + 1, arguments);
		else
			serial_put(*format++);
	}
}

static void put_line(const char *prefix, const char *text)
{
	put_string(prefix);
	put_string(text);
	serial_put('\n');
}

void tap_start(void)
{
	put_line("\n", "TAP version 14"); /* a separate line, after the firmware's messages */
}

bool ok(bool passed, const char *format, ...)
{
	va_list arguments;

	failures += !passed;
	put_string(passed ? "ok " : "not ok ");
	put_number(++results, 10);
	put_string(" - ");
	va_start(arguments, format);
	put_format(format, &arguments);
	va_end(arguments);
	serial_put('\n');
	return passed;
}

void skip(const char *name, const char *reason)
{
	ok(true, "%s # SKIP %s", name, reason);
}

void diag(const char *format, ...)
{
	va_list arguments;

	put_string("#   ");
	va_start(arguments, format);
	put_format(format, &arguments);
	va_end(arguments);
	serial_put('\n');
}

void data(const char *name, const void *bytes, uint32_t len)
{
	const uint8_t *byte = bytes;

	put_string("# data ");
	put_string(name);
	serial_put(' ');
	for (uint32_t i = 0; i < len; i++) {
		serial_put("0123456789abcdef"[byte[i] >> 4]);
		serial_put("0123456789abcdef"[byte[i] & 15]);
	}
	serial_put('\n');
}

void begin(const char *name)
{
	put_line("# begin ", name);
}

void bail_out(const char *format, ...)
{
	va_list arguments;

	put_string("Bail out! ");
	va_start(arguments, format);
	put_format(format, &arguments);
	va_end(arguments);
	serial_put('\n');
	machine_end(false);
}

void finish(void)
{
	put_string("1..");
	put_number(results, 10);
	serial_put('\n');
	machine_end(!failures);
}
