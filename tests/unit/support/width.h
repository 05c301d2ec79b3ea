/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest-physical width of the domains of unit tests, and its shared bit. */
#ifndef TESTS_UNIT_SUPPORT_WIDTH_H
#define TESTS_UNIT_SUPPORT_WIDTH_H

#include "cloister/domain.h"

#define DOMAIN_GPA_BITS   48u
#define DOMAIN_SHARED_BIT (1ull << (DOMAIN_GPA_BITS - 1))

#endif
