/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls (include/cloister/hypercall.h), from CPL 0. */
#ifndef MODULE_HYPERCALL_H
#define MODULE_HYPERCALL_H

#include <linux/types.h>

#include "cloister/hypercall.h"

/* No hypervisor took the call; none of the HC_E_* of hypercall.h. */
#define HC_GONE (-4096)

/* One call, on this CPU. Any context. Returns its result, or HC_GONE. */
long hypercall(unsigned long number, unsigned long a, unsigned long b, unsigned long c, unsigned long d);

/**
 * The same, again while the answer is HC_E_BUSY: what another CPU does takes microseconds to milliseconds. May sleep.
 * Returns HC_E_BUSY after seconds.
 */
long hypercall_patiently(unsigned long number, unsigned long a, unsigned long b, unsigned long c, unsigned long d);

/* Lets others run before one more try of what was HC_E_BUSY. May sleep. False after seconds: it is to be given up. */
bool hypercall_again(int *tries);

/* The errno of a negative result, or of -ENOMEM. Says so in the kernel's log where it can only be a defect. */
int hypercall_errno(long result);

#endif
