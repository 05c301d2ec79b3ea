/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The common part of the harnesses: AFL++ in persistent mode. Each input ends where an untouchable page begins, so a
 * read past its end is seen. A harness defines fuzz_one() and aborts where a promise is broken. With files as
 * arguments, a program runs those inputs, to look at a finding.
 */
#ifndef FUZZ_POLICY_HARNESS_H
#define FUZZ_POLICY_HARNESS_H

#include "fuzz/shared/promise.h"
#include "policy/reader.h"

void fuzz_one(struct bytes input);

#endif
