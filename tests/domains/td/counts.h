/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host reads of domains: which there are, and what each of them counts. */
#ifndef TD_COUNTS_H
#define TD_COUNTS_H

#include <stdint.h>

/* @pages: of the pool */
void test_counts(uint64_t pages);

#endif
