/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mbedTLS clears what it hashed. Here that is a kernel and its like, which are no secret; it is cleared all the same. */
#include <mbedtls/platform_util.h>

#include "lib/wipe.h"

void mbedtls_platform_zeroize(void *memory, size_t bytes)
{
	secure_wipe(memory, bytes);
}
