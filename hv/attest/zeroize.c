/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How mbedTLS clears what it has used. */
#include <mbedtls/platform_util.h>

#include "lib/wipe.h"

void mbedtls_platform_zeroize(void *memory, size_t bytes)
{
	secure_wipe(memory, bytes);
}
