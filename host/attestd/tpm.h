/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TPM: attestation key, quotes, endorsement key. One thread at a time. Nothing here needs to be believed by
 * the verifier: the TPM's signature says it all.
 */
#ifndef ATTESTD_TPM_H
#define ATTESTD_TPM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tss2/tss2_tpm2_types.h>

#include "failure.h"

#define TPM_CERTIFICATES_MAX 2u
#define TPM_CERTIFICATE_MAX  4096u

/* docs/protocol.md: 0-7, 14, 17, 18, 19. */
#define TPM_PCR_COUNT 12u
extern const uint8_t tpm_pcrs[TPM_PCR_COUNT];

/* A structure as the TPM marshals it. */
struct tpm_public {
	uint8_t bytes[sizeof(TPMT_PUBLIC)];
	size_t length;
};

struct tpm_certificate {
	uint8_t der[TPM_CERTIFICATE_MAX];
	size_t length;
};

struct tpm_identity {
	struct tpm_public ak, ek;
	struct tpm_certificate certificates[TPM_CERTIFICATES_MAX]; /* the one for 'ek' first */
	size_t certificate_count;
};

struct tpm_quote {
	uint8_t attest[sizeof(TPMS_ATTEST)];
	size_t attest_length;
	uint8_t signature[sizeof(TPMT_SIGNATURE)];
	size_t signature_length;
	struct tpm_public ak;
	uint8_t values[TPM_PCR_COUNT][32]; /* in the order of tpm_pcrs; what the quote's digest covers */
};

struct tpm;

/** A TPM that is opened when it is first needed. @tcti: tpm2-tss's name for it, such as "device:/dev/tpmrm0". */
struct tpm *tpm_new(const char *tcti);
void tpm_free(struct tpm *tpm);

/** Opens the TPM and loads the attestation key, if that has not been done. */
bool tpm_ready(struct tpm *tpm, struct failure *failure);

/** The TPM's keys and certificates; they stay the property of 'tpm', until its next error. */
const struct tpm_identity *tpm_identity(struct tpm *tpm, struct failure *failure);

/** A quote over tpm_pcrs and the values that it covers. On an error the TPM is opened anew at the next call. */
bool tpm_quote(struct tpm *tpm, const uint8_t qualifying_data[32], struct tpm_quote *quote, struct failure *failure);

#endif
