/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PE images. */
#include "fuzz/shared/harness.h"
#include "tenant/reference/authenticode.h"

void fuzz_one(struct bytes input)
{
	struct digest digest;

	authenticode_sha256(input, &digest);
}
