/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The comparison with the specification (hv/domain/debug/compare.h) where the pool is memory as any other. */
#ifndef TESTS_UNIT_SUPPORT_GHOST_COMPARE_H
#define TESTS_UNIT_SUPPORT_GHOST_COMPARE_H

#include "domain/debug/ghost.h"

/* Aborts where the domain of page @page differs. */
void compare_domain(const struct ghost *ghost, uint32_t page);

#endif
