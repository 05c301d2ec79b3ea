/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the host may not do: hypercalls in each state of domain and page; accesses to the pool while a domain runs. */
#ifndef TD_HOST_H
#define TD_HOST_H

#include <stdint.h>

/* @pages: of the pool */
void test_host(uint64_t pages);

#endif
