/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TPM's structures: each takes all of its bytes, so the same bytes less one are another structure or none. */
#include "fuzz/shared/harness.h"
#include "policy/tpm_parse.h"

void fuzz_one(struct bytes input)
{
	struct tpm_quote quote;
	struct p256_signature signature;
	struct tpm_public public;
	const struct bytes shorter = {input.data, input.len > 0 ? input.len - 1 : 0};

	if (tpm_quote_parse(input, &quote) && quote.is_quote) {
		PROMISE(quote.extra_data.len <= 64 && quote.pcr_digest.len <= 64);
		PROMISE(!tpm_quote_parse(shorter, &quote));
	}
	if (tpm_signature_parse(input, &signature))
		PROMISE(!tpm_signature_parse(shorter, &signature));
	if (tpm_public_parse(input, &public)) {
		PROMISE(public.curve == TPM_ECC_NIST_P256);
		PROMISE(!tpm_public_parse(shorter, &public));
	}
}
