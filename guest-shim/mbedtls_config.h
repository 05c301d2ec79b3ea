/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mbedTLS for the shim: SHA-384, nothing else. */
#ifndef GUEST_SHIM_MBEDTLS_CONFIG_H
#define GUEST_SHIM_MBEDTLS_CONFIG_H

#define MBEDTLS_SHA512_C
#define MBEDTLS_SHA384_C
#define MBEDTLS_PLATFORM_ZEROIZE_ALT

#endif
