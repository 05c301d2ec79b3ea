/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Message ring, and its little formatter. */
#include "console.h"

#include "machine.h"
#include "x86/instructions.h"

#define UART_LSR      5u
#define UART_LSR_THRE 0x20u
#define UART_PATIENCE 100000u /* reads of LSR: a byte at 9600 baud takes 1 ms, a port read about 1 us */

struct line {
	char *text;
	uint32_t length;
};

static void put(struct line *line, char c)
{
	if (line->length < LINE_BYTES - 1) /* room for the newline */
		line->text[line->length++] = c;
}

static void put_text(struct line *line, const char *text)
{
	for (; *text != '\0'; text++)
		put(line, *text);
}

static void put_number(struct line *line, uint64_t value, unsigned base, unsigned least_digits)
{
	char digits[20];
	unsigned count = 0;

	do {
		digits[count++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value != 0 || count < least_digits);
	while (count > 0)
		put(line, digits[--count]);
}

/* One conversion of @format, which follows the '%'; returns the rest. */
static const char *put_argument(struct line *line, const char *format, va_list *arguments)
{
	const bool is_long = *format == 'l';

	if (is_long)
		format++;
	if (*format == 's')
		put_text(line, va_arg(*arguments, const char *));
	else
		put_number(line, is_long ? va_arg(*arguments, unsigned long) : va_arg(*arguments, unsigned int),
			   *format == 'x' ? 16 : 10, 1);
	return format + 1;
}

uint32_t console_format(char text[LINE_BYTES], const char *format, va_list arguments)
{
	struct line line = {text, 0};
	va_list rest;

	va_copy(rest, arguments);
	while (*format != '\0') {
		if (*format == '%')
			format = put_argument(&line, format + 1, &rest);
		else
			put(&line, *format++);
	}
	va_end(rest);
	text[line.length++] = '\n';
	return line.length;
}

static void append(struct console *console, const char *text, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		console->ring[console->written++ % CONSOLE_BYTES] = text[i];
}

void console_line(struct machine *m, const char *format, ...)
{
	const uint64_t now = machine_uptime_us(m);
	char stamp[LINE_BYTES], text[LINE_BYTES];
	struct line head = {stamp, 0};
	va_list arguments;

	va_start(arguments, format);
	const uint32_t length = console_format(text, format, arguments);
	va_end(arguments);

	put_text(&head, "hv: [");
	put_number(&head, now / 1000000, 10, 1);
	put(&head, '.');
	put_number(&head, now % 1000000, 10, 6);
	put_text(&head, "] ");

	lock_take(&m->console.lock);
	append(&m->console, stamp, head.length);
	append(&m->console, text, length);
	console_mirror(m->console.serial_port, stamp, head.length);
	console_mirror(m->console.serial_port, text, length);
	lock_release(&m->console.lock);
}

uint32_t console_length(const struct console *console)
{
	return console->written < CONSOLE_BYTES ? (uint32_t)console->written : CONSOLE_BYTES;
}

char console_byte(const struct console *console, uint32_t index)
{
	return console->ring[(console->written - console_length(console) + index) % CONSOLE_BYTES];
}

static void serial_put(uint16_t port, char c)
{
	for (uint32_t i = 0; i < UART_PATIENCE; i++) {
		if ((inb((uint16_t)(port + UART_LSR)) & UART_LSR_THRE) != 0)
			break;
	}
	outb(port, (uint8_t)c);
}

void serial_write(uint16_t port, const char *text, uint32_t length)
{
	if (port == 0)
		return;
	for (uint32_t i = 0; i < length; i++) {
		if (text[i] == '\n')
			serial_put(port, '\r');
		serial_put(port, text[i]);
	}
}
