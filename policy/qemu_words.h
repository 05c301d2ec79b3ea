/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of QEMU for x86: what of it changes a guest's measurements. What cannot change them is passed over;
 * what changes them in a way that is not known here is refused.
 */
#ifndef POLICY_QEMU_WORDS_H
#define POLICY_QEMU_WORDS_H

#include "policy/guest_setup.h"

/** QEMU's RAM where no option says it. */
#define QEMU_RAM_BYTES (128ull << 20)

/** The name of the option that a word is, after its one or two dashes; NULL: it is none. */
const char *qemu_option_name(const char *word);

/** Adds what the options say to 'setup'; a later option takes the place of an earlier one, as for QEMU. */
bool qemu_words_read(size_t count, const char *const *words, struct guest_setup *setup, struct parse_error *error);

#endif
