/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text in memory, piece by piece. */
#ifndef RT_TEXT_H
#define RT_TEXT_H

#include <stdint.h>

#define NUMBER_BYTES 20u /* digits of the longest number in base 10 or above */

/* Puts a text or a number at 'to', which has room for it; returns its end. No terminator. */
char *append_text(char *to, const char *text);
char *append_number(char *to, uint64_t value, unsigned int base);

#endif
