/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains that come and go. */
#ifndef TD_CYCLES_H
#define TD_CYCLES_H

#include <stdint.h>

void test_cycles(void);

/* Minutes of it. @pages: of the pool */
void test_many_cycles(uint64_t pages);

#endif
