/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HMAC-DRBG with SHA-256 (NIST SP 800-90A, 10.1.2). There is one generator in a hypervisor, and it is static: p256-m
 * draws its nonces, and mbedTLS its memory, through functions that carry no context. Callers hold the key's lock.
 */
#ifndef CLOISTER_ATTEST_DRBG_H
#define CLOISTER_ATTEST_DRBG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Instantiates: seed is entropy, nonce and personalisation string in one (10.1.2.3). False: no generator. */
bool drbg_seed(const void *seed, size_t bytes);

/* Mixes data into the state (10.1.2.2); adds no entropy, but what is drawn next depends on it. */
bool drbg_stir(const void *data, size_t bytes);

/* Draws at most 1,024 bytes. False, and nothing usable in out, without a seeded generator. */
bool drbg_fill(void *out, size_t bytes);

/* Clears the state, in DRAM too. The generator can be seeded again. */
void drbg_wipe(void);

#endif
