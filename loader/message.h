/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loader's messages to the person at the machine: on the firmware's console and on a serial port. */
#ifndef LOADER_MESSAGE_H
#define LOADER_MESSAGE_H

#include "failure.h"

/** Also write to this 16550 (0 for none), if it is there and the firmware's console does not reach it already. */
void message_serial(uint16_t port);

/** Prints "cloister: " and the text (see text.h), as one line. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Prints what went wrong, where, and what to do next. */
void say_failure(const struct failure *failure);

#endif
