/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PE images. */
#include "fuzz/shared/harness.h"
#include "policy/authenticode.h"

void fuzz_one(struct bytes input)
{
	uint8_t sha384[SHA384_BYTES];
	struct digest sha256;

	PROMISE(!authenticode_sha256(input, &sha256) == !authenticode_sha384(input, sha384));
}
