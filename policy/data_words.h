/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of an event whose format depends on who wrote them, for people. */
#ifndef POLICY_DATA_WORDS_H
#define POLICY_DATA_WORDS_H

#include "policy/reader.h"

/** Copies characters of 'step' bytes, up to a NUL. White space becomes a space, the rest that is not ASCII '?'. */
void plain_text(struct bytes from, size_t step, char *text, size_t size);

/** Text of one or two bytes a character in quotes, a GUID, or the first bytes in hexadecimal. */
void data_words(struct bytes data, char *text, size_t size);

#endif
