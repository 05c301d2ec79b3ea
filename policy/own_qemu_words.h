/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line by which a guest's owner has a QEMU make the same machine, not protected and not running: the same
 * devices, at whose other ends there is nothing. What a protected guest does not have is turned off. What is left out
 * changes no ACPI table. Options that are not known are refused: QEMU can run programs and write files by some.
 */
#ifndef POLICY_OWN_QEMU_WORDS_H
#define POLICY_OWN_QEMU_WORDS_H

#include "policy/evidence.h"

#define OWN_QEMU_QTEST_FD  3 /* where that QEMU takes commands */
#define OWN_QEMU_WORDS_MAX 1024u

struct own_qemu_words {
	char *word[OWN_QEMU_WORDS_MAX + 1]; /* QEMU first, NULL last */
	size_t count;
};

/**
 * Makes the command line out of the guest's; free it with own_qemu_words_free.
 *
 * @words: QEMU, which is at least there, and its arguments, which qemu_words_read has taken
 * @firmware: the owner's copy
 */
bool own_qemu_words_make(size_t count, const char *const *words, const char *firmware, struct own_qemu_words *own,
			 struct parse_error *error);

void own_qemu_words_free(struct own_qemu_words *own);

#endif
