/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mbedTLS as the hypervisor has it: SHA-256, HMAC-DRBG and p256-m; no heap, no files, no time, no self-tests.
 * SHA-384 is compiled beside it (attest.mk) and costs nothing until something refers to it.
 */
#ifndef CLOISTER_ATTEST_MBEDTLS_CONFIG_H
#define CLOISTER_ATTEST_MBEDTLS_CONFIG_H

#include <stddef.h>

#define MBEDTLS_SHA256_C
#define MBEDTLS_MD_C
#define MBEDTLS_HMAC_DRBG_C
#define MBEDTLS_PSA_P256M_DRIVER_ENABLED

/* A loop in place of 64 unrolled rounds: 6 KiB of text less. */
#define MBEDTLS_SHA256_SMALLER
#define MBEDTLS_SHA512_SMALLER

#define MBEDTLS_NO_PLATFORM_ENTROPY
#define MBEDTLS_PLATFORM_C
#define MBEDTLS_PLATFORM_NO_STD_FUNCTIONS
#define MBEDTLS_PLATFORM_ZEROIZE_ALT

/* The generator's context asks for two small blocks, once: drbg.c has them. */
#define MBEDTLS_PLATFORM_MEMORY
#define MBEDTLS_PLATFORM_CALLOC_MACRO drbg_calloc
#define MBEDTLS_PLATFORM_FREE_MACRO   drbg_free

void *drbg_calloc(size_t count, size_t bytes);
void drbg_free(void *block);

/* For mbedtls_md_info_from_string, which nothing calls: the linker drops it (--gc-sections), so this has no body. */
int strcmp(const char *left, const char *right);

#endif
