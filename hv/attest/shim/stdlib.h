/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mbedTLS includes it; memory comes through mbedtls_config.h. */
#include <stddef.h>
