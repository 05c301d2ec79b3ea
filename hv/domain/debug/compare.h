/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pool's stage-2 tables beside the specification's model (ghost.h). */
#ifndef CLOISTER_DOMAIN_DEBUG_COMPARE_H
#define CLOISTER_DOMAIN_DEBUG_COMPARE_H

#include "domain/debug/ghost.h"

/* Pages that the comparison looks into at the same time: a domain's own, and a table of each level. */
#define GHOST_LOOKS 5u

/*
 * What page @page of the pool holds. Of whoever compares: the pool itself, or a copy.
 * @look: below GHOST_LOOKS; what was returned for it before is not used any more
 */
const void *ghost_look_at(const struct ghost *ghost, uint32_t page, unsigned look);

/*
 * Compares the domain of page @page: its counts, its tables, and each entry of the memory that calls named.
 * Returns what must hold and does not; null where all is as specified.
 */
const char *ghost_compare(const struct ghost *ghost, uint32_t page);

#endif
