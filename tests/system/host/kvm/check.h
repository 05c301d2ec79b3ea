/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results as TAP, on stdout. */
#ifndef KVM_CHECK_H
#define KVM_CHECK_H

#include <stdbool.h>

/* One result, with errno as it is. */
void check(bool good, const char *name);

/* How many there were. */
void check_plan(void);

#endif
