/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mbedTLS for the loader: hashes, nothing else. */
#ifndef LOADER_MBEDTLS_CONFIG_H
#define LOADER_MBEDTLS_CONFIG_H

#define MBEDTLS_SHA256_C
#define MBEDTLS_SHA512_C
#define MBEDTLS_SHA384_C
#define MBEDTLS_PLATFORM_ZEROIZE_ALT

#endif
