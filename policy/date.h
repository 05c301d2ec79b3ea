/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dates of a policy: RFC 3339, UTC, whole seconds. */
#ifndef POLICY_DATE_H
#define POLICY_DATE_H

#include <stdbool.h>
#include <stdint.h>

#define DATE_BYTES sizeof("2026-01-01T00:00:00Z")

/**
 * Reads "2026-01-01T00:00:00Z": one text for one time, so no other zone, no fraction, no leap second.
 * @seconds: since 1970 (POSIX)
 */
bool date_parse(const char *text, int64_t *seconds);

/** The same text for a time of the years 0 to 9999; another time gives "out of range". */
void date_text(int64_t seconds, char text[DATE_BYTES]);

#endif
