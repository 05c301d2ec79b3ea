/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's stage 2: tables and pages out of the pool, put where the host proposes. */
#ifndef CLOISTER_DOMAIN_MEMORY_H
#define CLOISTER_DOMAIN_MEMORY_H

#include "domain.h"
#include "memory/stage2.h"

/**
 * Page @page becomes the table at @address and @level (DOMAIN_LEVEL_*).
 * Returns 0, HC_E_STATE, HC_E_ARGUMENT, HC_E_MAPPING or HC_E_PAGE.
 */
int64_t domain_add_table(const struct pool_view *view, struct td *td, gpa_t address, uint64_t level, uint64_t page);

/**
 * Page @page becomes private memory at @address, with the contents of the page of RAM at @source,
 * and is measured.
 * @extend: measure the contents, too
 * Returns 0, HC_E_STATE, HC_E_ARGUMENT, HC_E_MAPPING or HC_E_PAGE.
 */
int64_t domain_add_page(const struct pool_view *view, struct td *td, gpa_t address, bool extend, uint64_t page,
			paddr_t source);

#endif
