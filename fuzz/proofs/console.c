/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hv/machine/console.c: for every number and every text of up to 165 characters, a line is written inside its 160
 * bytes and ends with a newline; for every state of the ring, reading and adding stay inside it.
 */
#include "proof.h"

#include <stdarg.h>

#include "machine/machine.h"

#define TEXT 165u

static uint32_t format(char line[LINE_BYTES], const char *form, ...)
{
	va_list arguments;

	va_start(arguments, form);
	const uint32_t length = console_format(line, form, arguments);

	va_end(arguments);
	return length;
}

void prove_console_text(void)
{
	char line[LINE_BYTES], text[TEXT + 1];

	text[TEXT] = '\0';
	const uint32_t length = format(line, "%s!", text);

	PROVE(length <= LINE_BYTES && line[length - 1] == '\n');
	REACHABLE(length == LINE_BYTES);
	REACHABLE(length == 2);
}

void prove_console_number(void)
{
	char line[LINE_BYTES];
	uint64_t number;

	const uint32_t length = format(line, "%lx", number);

	PROVE(length >= 2 && length <= 17 && line[length - 1] == '\n');
	PROVE(number >> 4 * (length - 2) < 16);
	REACHABLE(length == 17);
}

void prove_console_ring(void)
{
	struct console console;
	uint32_t index;

	const uint32_t length = console_length(&console);

	PROVE(length <= CONSOLE_BYTES && length <= console.written);
	ASSUME(index < length);
	(void)console_byte(&console, index);
	REACHABLE(console.written > 1ull << 40 && index == CONSOLE_BYTES - 1);
	REACHABLE(length == 1);
}
