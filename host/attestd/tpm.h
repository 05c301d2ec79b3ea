/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TPM: attestation key, quotes, endorsement key. One thread at a time. The verifier need not trust this code: it
 * checks the TPM's signature.
 */
#ifndef ATTESTD_TPM_H
#define ATTESTD_TPM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tss2/tss2_tpm2_types.h>

#include <cloister/launch_log.h>

#include "failure.h"
#include "request.h"

#define TPM_CERTIFICATES_MAX 16u
#define TPM_CERTIFICATE_MAX  4096u

/* Those that a quote covers. */
#define TPM_PCR_ONE(pcr) +1u
#define TPM_PCR_COUNT    (0u LAUNCH_QUOTED_PCRS(TPM_PCR_ONE))
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
	bool rsa; /* of the two endorsement keys, 'ek' is the RSA one */
	struct tpm_certificate certificates[TPM_CERTIFICATES_MAX]; /* endorsement keys', then their authorities' */
	size_t certificate_count;
};

/* What TPM2_ActivateCredential gives back: a TPM2B_DIGEST. */
struct tpm_secret {
	uint8_t bytes[64];
	size_t length;
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

/* Where the endorsement key and its certificates are, besides the TPM's NV memory. */
struct tpm_sources {
	const char *tcti;         /* tpm2-tss's name of the TPM, such as "device:/dev/tpmrm0" */
	const char *certificates; /* a file of certificates in DER, one after the other; or NULL */
	enum { TPM_EK_CERTIFIED, TPM_EK_ECC, TPM_EK_RSA } ek; /* the key that has a certificate, or a certain one */
};

/** A TPM that is opened when it is first needed. 'sources' must outlive it. */
struct tpm *tpm_new(const struct tpm_sources *sources);
void tpm_free(struct tpm *tpm);

/** Gives everything back that is open, by a command if the key is loaded; the next call opens the TPM again. */
void tpm_close(struct tpm *tpm);

/** Opens the TPM and loads the attestation key, if that has not been done. */
bool tpm_ready(struct tpm *tpm, struct failure *failure);

/** The TPM's keys and certificates; they stay the property of 'tpm', until its next error. */
const struct tpm_identity *tpm_identity(struct tpm *tpm, struct failure *failure);

/**
 * Opens a credential that was made for the attestation key's name and sealed to the endorsement key: possible only
 * where both are keys of this TPM (TPM 2.0 Part 1, 24).
 */
bool tpm_activate(struct tpm *tpm, const struct enrol_request *request, struct tpm_secret *secret,
		  struct failure *failure);

/** A quote over tpm_pcrs and the values that it covers. On an error the TPM is opened again at the next call. */
bool tpm_quote(struct tpm *tpm, const uint8_t qualifying_data[32], struct tpm_quote *quote, struct failure *failure);

#endif
