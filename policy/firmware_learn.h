/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rules out of the log of a machine that its owner trusts now. */
#ifndef POLICY_FIRMWARE_LEARN_H
#define POLICY_FIRMWARE_LEARN_H

#include <jansson.h>

#include "policy/firmware_rules.h"

/**
 * The rules that exactly this firmware satisfies; the caller frees them. NULL if the log cannot be the log of a
 * machine that such rules accept, and then 'why' says what is in the way.
 * @model: what people call the machine
 */
json_t *firmware_learn(const struct tcg_log *log, const char *model, char *why, size_t why_size);

/**
 * Rules of a systemd-pcrlock component file (systemd-pcrlock(8)): its records' SHA-256 digests of PCR 0 and of PCR 2.
 * Nothing is known of the other PCRs: those rules accept every machine without an event there, and either state of
 * Secure Boot. Records do not say from which locality the TPM was started: the rules say 0. NULL and 'why' if it is no
 * such file.
 */
json_t *firmware_import(struct bytes component, const char *model, char *why, size_t why_size);

#endif
