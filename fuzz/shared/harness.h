/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What every harness shares: AFL++ in persistent mode, each input ends where an untouchable page begins, so
 * that a read past the end is seen. A harness defines fuzz_one and aborts where a promise is broken. With files as its arguments, a program
 * runs those inputs: that is how a finding is looked at.
 */
#ifndef FUZZ_POLICY_HARNESS_H
#define FUZZ_POLICY_HARNESS_H

#include "fuzz/shared/promise.h"
#include "policy/reader.h"

void fuzz_one(struct bytes input);

#endif
