/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Firmware for people: what was learnt of it, what is unusual, and what an update changed. */
#ifndef TENANT_FIRMWARE_WORDS_H
#define TENANT_FIRMWARE_WORDS_H

#include "policy/firmware_learn.h"

/** Says what the rules that were written to 'path' accept, and what is unusual about the machine. */
void firmware_words(const json_t *rules, const struct tcg_log *log, const char *path);

/** An event in two lines, each after 'before'. */
void firmware_print_event(const struct tcg_event *event, const char *before);

/**
 * Shows which events of PCRs 0 to 7 two logs do not share. False if one cannot be read.
 * @a, @b: TCG logs, or folders of evidence
 */
bool firmware_diff(const char *a, const char *b, bool *differ);

#endif
