/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service's log: one line per event on standard error. */
#include "event.h"

#include <stdio.h>
#include <unistd.h>

#define LINE_MAX_BYTES 512

void event_list(const char *format, va_list arguments)
{
	char line[LINE_MAX_BYTES];
	int length = snprintf(line, sizeof(line), "attestd: ");
	const int room = (int)sizeof(line) - length - 1; /* for the newline, in place of the terminator */
	int added = vsnprintf(line + length, (size_t)room, format, arguments);

	if (added < 0)
		added = 0;
	length += added < room ? added : room - 1;
	if (line[length - 1] == '\n') /* libmicrohttpd ends its messages so */
		length--;
	for (int i = 0; i < length; i++)
		if (line[i] < ' ' || line[i] > '~')
			line[i] = '?';
	line[length++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)length) < 0)
		return; /* no place is left to report it */
}

void event(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	event_list(format, arguments);
	va_end(arguments);
}
