/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service's log: one line per event on standard error. */
#ifndef ATTESTD_EVENT_H
#define ATTESTD_EVENT_H

#include <stdarg.h>

/** Writes one line, in one piece. Bytes that are not printable ASCII become '?'. */
__attribute__((format(printf, 1, 2))) void event(const char *format, ...);
__attribute__((format(printf, 1, 0))) void event_list(const char *format, va_list arguments);

#endif
