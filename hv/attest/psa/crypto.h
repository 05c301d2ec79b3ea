/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one function of PSA that p256-m calls: its source of key material and nonces. Defined in drbg.c. */
#ifndef CLOISTER_ATTEST_PSA_CRYPTO_H
#define CLOISTER_ATTEST_PSA_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

int psa_generate_random(uint8_t *output, size_t bytes);

#endif
