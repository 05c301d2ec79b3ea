/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The hypervisor's messages: a ring in its own memory that the root guest may read (HV_OBJECT_CONSOLE). Debug images
 * copy each line to the serial port; a crash record goes there in every image.
 */
#ifndef CLOISTER_MACHINE_CONSOLE_H
#define CLOISTER_MACHINE_CONSOLE_H

#include <stdarg.h>
#include <stdint.h>

#include "lock.h"

#define CONSOLE_BYTES 32768u
#define LINE_BYTES    160u

struct console {
	lock_t lock;
	uint16_t serial_port; /* 0: none */
	uint64_t written;     /* bytes since the start; the ring holds the last CONSOLE_BYTES */
	char ring[CONSOLE_BYTES];
};

struct machine;

/**
 * Adds one line, with the time before it and a newline after it.
 * @format: %s, %u (uint32_t), %x (uint32_t), %lx (uint64_t), %lu (uint64_t)
 * Longer lines than LINE_BYTES are cut. Takes the console's lock.
 */
void console_line(struct machine *m, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Formats like console_line() into @line, with the newline; returns the length. */
uint32_t console_format(char line[LINE_BYTES], const char *format, va_list arguments);

/* Bytes that can be read now, and the @index-th of them (oldest first). The lock must be held. */
uint32_t console_length(const struct console *console);
char console_byte(const struct console *console, uint32_t index);

/* Writes to the serial port, without a lock: for crash records. */
void serial_write(uint16_t port, const char *text, uint32_t length);

/* Debug images: serial_write(); release images: nothing. */
void console_mirror(uint16_t port, const char *text, uint32_t length);

#endif
