/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CPU's random number generator. */
#ifndef CLOISTER_ATTEST_ENTROPY_H
#define CLOISTER_ATTEST_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

#include "cloister/errors.h"

/**
 * Fills words with RDSEED, or RDRAND where RDSEED is missing or dry.
 * Errors: HV_E_NO_ENTROPY if the CPU has neither, or both gave no data within their bounds. What the words are
 * worth is for the caller to check: a defective generator reports success.
 */
enum hv_error entropy_fill(uint64_t *words, size_t count);

#endif
