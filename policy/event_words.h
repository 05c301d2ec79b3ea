/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An event in words: what its data says. Nothing of it is measured but by the digest. */
#ifndef POLICY_EVENT_WORDS_H
#define POLICY_EVENT_WORDS_H

#include "policy/any_log.h"

#define WORDS_BYTES 1024u

/** The meaning of an event's data, on one line, clean. */
void event_words(const struct any_event *event, char text[WORDS_BYTES]);

/** A PCR's use, as of PFP 2.3.4. */
const char *pcr_use(uint32_t pcr);

#endif
