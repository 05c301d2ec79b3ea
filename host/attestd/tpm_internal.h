/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files that talk to the TPM: tpm.c (attestation key, quotes) and tpm_ek.c (endorsement key). */
#ifndef ATTESTD_TPM_INTERNAL_H
#define ATTESTD_TPM_INTERNAL_H

#include <tss2/tss2_esys.h>

#include "tpm.h"

struct tpm {
	const struct tpm_sources *sources;
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;     /* NULL while the TPM is not open */
	int64_t again_ms;       /* after a vain attempt to open it: no other one before (clock_ms) */
	struct failure failure; /* of that attempt */
	ESYS_TR ak;
	struct tpm_public ak_public;
	struct tpm_identity *identity; /* NULL until it was asked for */
};

/**
 * For loops around one TPM command: is 'rc' the TPM's way to ask for patience, and is there some left? Then this
 * waits a moment and returns true. @tries: 0 before the first call
 */
bool tpm_again(TSS2_RC rc, unsigned *tries);

/** Says which TPM command failed and how. Returns false. */
bool tpm_fail(struct failure *failure, const char *command, TSS2_RC rc);

/** Makes a primary key in the endorsement hierarchy. The caller flushes 'key'. */
bool tpm_create_primary(struct tpm *tpm, const TPM2B_PUBLIC *template, ESYS_TR *key, struct tpm_public *public,
			struct failure *failure);

/** Loads the RSA or the ECC endorsement key. The caller flushes 'key'. */
bool tpm_load_ek(struct tpm *tpm, bool rsa, ESYS_TR *key, struct tpm_public *public, struct failure *failure);

/** Reads the endorsement key's certificates and public area. */
bool tpm_read_ek(struct tpm *tpm, struct tpm_identity *identity, struct failure *failure);

/** Appends the certificates that lie in 'data' one after the other; what comes after the last one is padding. */
void tpm_take_certificates(struct tpm_identity *identity, const uint8_t *data, size_t bytes);

/** Length of the DER element at the start of 'data', 0 if it does not fit into 'bytes'. NV indices are padded. */
size_t tpm_der_length(const uint8_t *data, size_t bytes);

#endif
