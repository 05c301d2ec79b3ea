/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Digests of a piece of memory for the TPM's banks. */
#ifndef LOADER_DIGEST_H
#define LOADER_DIGEST_H

#include "tpm2.h"

/** One digest per bank, by the rule of docs/protocol.md, "Launch log". */
void digest_all(const struct tpm2_banks *banks, const void *data, size_t bytes, struct tpm2_digests *digests);

/** The SHA-256 digest among them; tpm2_parse_pcr_banks lets no list pass that lacks it. */
const uint8_t *digest_sha256(const struct tpm2_digests *digests);

#endif
