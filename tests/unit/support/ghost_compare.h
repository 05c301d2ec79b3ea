/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pool's stage-2 tables beside the specification's model (hv/domain/debug/ghost.h); aborts where they differ. */
#ifndef TESTS_UNIT_SUPPORT_GHOST_COMPARE_H
#define TESTS_UNIT_SUPPORT_GHOST_COMPARE_H

#include "domain/debug/ghost.h"

/* The domain of page @page: its counts, its tables, and each entry of the memory that calls named. */
void compare_domain(const struct ghost *ghost, uint32_t page);

#endif
