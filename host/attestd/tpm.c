/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The TPM: opening it, the attestation key, quotes. */
#include "tpm.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

#include "clock.h"
#include "encode.h"
#include "event.h"
#include "metrics.h"
#include "tpm_internal.h"

#define BUSY_TRIES     8u
#define BUSY_FIRST_MS  20u /* doubled at each try: 5 s in all */
#define REOPEN_MS      1000
#define MOVED_TRIES    4u
#define UNAVAILABLE    503u
#define PCR_MAP_BYTES  3u
#define RC_LAYER_SHIFT 16
/* TPM 2.0 Part 1, "Dictionary attack protection": a TPM forgets one failure in each interval; 1,000 s is usual. */
#define LOCKOUT_AGAIN_S 1000u

#define PCR_ITEM(pcr) pcr,
const uint8_t tpm_pcrs[TPM_PCR_COUNT] = {LAUNCH_QUOTED_PCRS(PCR_ITEM)};

/* TPM 2.0 Part 2, 6.6.3: warnings that go away by themselves. The kernel's resource manager answers them too. */
static bool transient(TSS2_RC rc)
{
	switch (rc & 0xffff) {
	case TPM2_RC_RETRY:
	case TPM2_RC_YIELDED:
	case TPM2_RC_TESTING:
	case TPM2_RC_NV_RATE:
	case TPM2_RC_OBJECT_MEMORY:
	case TPM2_RC_MEMORY:
		return true;
	default:
		return (rc >> RC_LAYER_SHIFT) != 0 && (rc & 0xffff) == TSS2_BASE_RC_TRY_AGAIN;
	}
}

bool tpm_again(TSS2_RC rc, unsigned *tries)
{
	const unsigned wait_ms = BUSY_FIRST_MS << *tries;

	if (!transient(rc) || ++*tries >= BUSY_TRIES)
		return false;
	count(COUNT_TPM_RETRIES);
	nanosleep(&(struct timespec){wait_ms / 1000, wait_ms % 1000 * 1000000L}, NULL);
	return true;
}

bool tpm_fail(struct failure *failure, const char *command, TSS2_RC rc)
{
	count(COUNT_TPM_ERRORS);
	event("TPM: %s: 0x%x, %s", command, rc, Tss2_RC_Decode(rc));
	if ((rc & 0xffff) == TPM2_RC_LOCKOUT) {
		failed_with(failure, UNAVAILABLE, "tpm-lockout", NULL,
			    "%s: the TPM is in lockout, after wrong passwords or after losing its power", command);
		failure->again_s = LOCKOUT_AGAIN_S;
		return false;
	}
	if (transient(rc))
		return failed_with(failure, UNAVAILABLE, "tpm-busy", NULL, "%s: the TPM is busy; ask again later",
				   command);
	return failed_with(failure, UNAVAILABLE, "tpm-gone", NULL, "%s: 0x%x, %s; see the host's log", command, rc,
			   Tss2_RC_Decode(rc));
}

bool tpm_create_primary(struct tpm *tpm, const TPM2B_PUBLIC *template, ESYS_TR *key, struct tpm_public *public,
			struct failure *failure)
{
	const TPM2B_SENSITIVE_CREATE sensitive = {0};
	const TPM2B_DATA outside = {0};
	const TPML_PCR_SELECTION no_pcrs = {0};
	TPM2B_PUBLIC *made = NULL;
	unsigned tries = 0;
	TSS2_RC rc;

	do
		rc = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
					&sensitive, template, &outside, &no_pcrs, key, &made, NULL, NULL, NULL);
	while (tpm_again(rc, &tries));
	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(failure, "TPM2_CreatePrimary", rc);
	public->length = 0;
	rc = Tss2_MU_TPMT_PUBLIC_Marshal(&made->publicArea, public->bytes, sizeof(public->bytes), &public->length);
	Esys_Free(made);
	return rc == TSS2_RC_SUCCESS || tpm_fail(failure, "marshalling a public area", rc);
}

/*
 * The attestation key. A primary key of the endorsement hierarchy: the same at each start, nothing to be stored;
 * in the owner hierarchy the quote's counters would be obfuscated (TPM 2.0 Part 1, 36.7). noDA: else each power cut
 * without an orderly shutdown counts as a failed authorisation, and three of them lock the key out (Part 1, 19.8).
 */
static bool load_ak(struct tpm *tpm, struct failure *failure)
{
	static const TPM2B_PUBLIC template = {
		.publicArea =
			{
				.type = TPM2_ALG_ECC,
				.nameAlg = TPM2_ALG_SHA256,
				.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
						    TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_USERWITHAUTH |
						    TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED |
						    TPMA_OBJECT_SIGN_ENCRYPT,
				.parameters.eccDetail =
					{
						.symmetric.algorithm = TPM2_ALG_NULL,
						.scheme = {.scheme = TPM2_ALG_ECDSA,
							   .details.ecdsa.hashAlg = TPM2_ALG_SHA256},
						.curveID = TPM2_ECC_NIST_P256,
						.kdf.scheme = TPM2_ALG_NULL,
					},
			},
	};

	return tpm_create_primary(tpm, &template, &tpm->ak, &tpm->ak_public, failure);
}

struct tpm *tpm_new(const struct tpm_sources *sources)
{
	struct tpm *tpm = calloc(1, sizeof(*tpm));

	if (tpm) {
		tpm->sources = sources;
		tpm->ak = ESYS_TR_NONE;
	}
	return tpm;
}

void tpm_close(struct tpm *tpm)
{
	if (tpm->ak != ESYS_TR_NONE)
		Esys_FlushContext(tpm->esys, tpm->ak);
	tpm->ak = ESYS_TR_NONE;
	Esys_Finalize(&tpm->esys);
	Tss2_TctiLdr_Finalize(&tpm->tcti);
	free(tpm->identity);
	tpm->identity = NULL;
}

void tpm_free(struct tpm *tpm)
{
	if (tpm)
		tpm_close(tpm);
	free(tpm);
}

static bool open_tpm(struct tpm *tpm, struct failure *failure)
{
	TSS2_RC rc = Tss2_TctiLdr_Initialize(tpm->sources->tcti, &tpm->tcti);

	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(failure, "opening the TPM", rc);
	rc = Esys_Initialize(&tpm->esys, tpm->tcti, NULL);
	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(failure, "Esys_Initialize", rc);
	return load_ak(tpm, failure);
}

bool tpm_ready(struct tpm *tpm, struct failure *failure)
{
	if (tpm->esys)
		return true;
	/* A vain attempt costs time, and 96 bytes that Tss2_TctiLdr_Initialize of tpm2-tss 4.1.3 never frees. */
	if (clock_ms() < tpm->again_ms) {
		*failure = tpm->failure;
		return false;
	}
	if (!open_tpm(tpm, failure)) {
		tpm_close(tpm);
		tpm->again_ms = clock_ms() + REOPEN_MS;
		tpm->failure = *failure;
		return false;
	}
	event("TPM: %s is open, the attestation key is loaded", tpm->sources->tcti);
	return true;
}

const struct tpm_identity *tpm_identity(struct tpm *tpm, struct failure *failure)
{
	struct tpm_identity *identity;

	if (!tpm_ready(tpm, failure))
		return NULL;
	if (tpm->identity)
		return tpm->identity;
	identity = calloc(1, sizeof(*identity));
	if (!identity) {
		failed_with(failure, UNAVAILABLE, "out-of-memory", NULL, "the host is out of memory; ask again later");
		return NULL;
	}
	identity->ak = tpm->ak_public;
	if (!tpm_read_ek(tpm, identity, failure)) {
		free(identity);
		tpm_close(tpm);
		return NULL;
	}
	tpm->identity = identity;
	return identity;
}

static TPML_PCR_SELECTION selection(void)
{
	TPML_PCR_SELECTION all = {
		.count = 1,
		.pcrSelections[0] = {.hash = TPM2_ALG_SHA256, .sizeofSelect = PCR_MAP_BYTES},
	};

	for (size_t i = 0; i < TPM_PCR_COUNT; i++)
		all.pcrSelections[0].pcrSelect[tpm_pcrs[i] / 8] |= (BYTE)(1u << tpm_pcrs[i] % 8);
	return all;
}

static bool selected(const TPML_PCR_SELECTION *pcrs, uint8_t pcr)
{
	return pcrs->count == 1 && pcrs->pcrSelections[0].hash == TPM2_ALG_SHA256 &&
	       pcr / 8 < pcrs->pcrSelections[0].sizeofSelect &&
	       (pcrs->pcrSelections[0].pcrSelect[pcr / 8] >> pcr % 8 & 1);
}

/* Takes over what one TPM2_PCR_Read returned, and strikes it from 'wanted'. Returns how many values there were. */
static size_t take_values(struct tpm_quote *quote, TPML_PCR_SELECTION *wanted, const TPML_PCR_SELECTION *got,
			  const TPML_DIGEST *digests)
{
	size_t taken = 0;

	for (size_t i = 0; i < TPM_PCR_COUNT && taken < digests->count; i++) {
		const uint8_t pcr = tpm_pcrs[i];

		if (!selected(wanted, pcr) || !selected(got, pcr) || digests->digests[taken].size != SHA256_BYTES)
			continue;
		memcpy(quote->values[i], digests->digests[taken++].buffer, SHA256_BYTES);
		wanted->pcrSelections[0].pcrSelect[pcr / 8] &= (BYTE) ~(1u << pcr % 8);
	}
	return taken;
}

/* TPM2_PCR_Read returns at most 8 values at a time. */
static bool read_pcrs(struct tpm *tpm, struct tpm_quote *quote, struct failure *failure)
{
	TPML_PCR_SELECTION wanted = selection();
	size_t left = TPM_PCR_COUNT;

	while (left > 0) {
		TPML_PCR_SELECTION *got = NULL;
		TPML_DIGEST *digests = NULL;
		unsigned tries = 0;
		size_t taken = 0;
		TSS2_RC rc;

		do
			rc = Esys_PCR_Read(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &wanted, NULL, &got,
					   &digests);
		while (tpm_again(rc, &tries));
		if (rc != TSS2_RC_SUCCESS)
			return tpm_fail(failure, "TPM2_PCR_Read", rc);
		taken = take_values(quote, &wanted, got, digests);
		Esys_Free(got);
		Esys_Free(digests);
		if (taken == 0)
			return failed_with(failure, UNAVAILABLE, "tpm-bank", NULL,
					   "the TPM has no SHA-256 bank: allocate it in the firmware setup");
		left -= taken;
	}
	return true;
}

/* The TPM's answer in the form in which it travels. */
static TSS2_RC keep(struct tpm_quote *quote, const TPM2B_ATTEST *attest, const TPMT_SIGNATURE *signature)
{
	memcpy(quote->attest, attest->attestationData, attest->size);
	quote->attest_length = attest->size;
	quote->signature_length = 0;
	return Tss2_MU_TPMT_SIGNATURE_Marshal(signature, quote->signature, sizeof(quote->signature),
					      &quote->signature_length);
}

static bool sign_quote(struct tpm *tpm, const uint8_t qualifying_data[32], struct tpm_quote *quote,
		       struct failure *failure)
{
	const TPMT_SIG_SCHEME key_scheme = {.scheme = TPM2_ALG_NULL};
	const TPML_PCR_SELECTION pcrs = selection();
	TPM2B_DATA extra = {.size = 32};
	TPMT_SIGNATURE *signature = NULL;
	TPM2B_ATTEST *attest = NULL;
	unsigned tries = 0;
	TSS2_RC rc;

	memcpy(extra.buffer, qualifying_data, 32);
	do
		rc = Esys_Quote(tpm->esys, tpm->ak, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &extra, &key_scheme,
				&pcrs, &attest, &signature);
	while (tpm_again(rc, &tries));
	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(failure, "TPM2_Quote", rc);
	rc = keep(quote, attest, signature);
	Esys_Free(attest);
	Esys_Free(signature);
	return rc == TSS2_RC_SUCCESS || tpm_fail(failure, "marshalling a signature", rc);
}

/* Does the quote's digest cover the values that were read? */
static bool consistent(const struct tpm_quote *quote)
{
	uint8_t digest[SHA256_BYTES];
	TPMS_ATTEST attest;
	size_t offset = 0;

	if (Tss2_MU_TPMS_ATTEST_Unmarshal(quote->attest, quote->attest_length, &offset, &attest) != TSS2_RC_SUCCESS ||
	    attest.type != TPM2_ST_ATTEST_QUOTE)
		return false;
	sha256(quote->values, sizeof(quote->values), digest);
	return attest.attested.quote.pcrDigest.size == sizeof(digest) &&
	       memcmp(attest.attested.quote.pcrDigest.buffer, digest, sizeof(digest)) == 0;
}

static bool quote_once(struct tpm *tpm, const uint8_t qualifying_data[32], struct tpm_quote *quote,
		       struct failure *failure)
{
	if (tpm_ready(tpm, failure) && read_pcrs(tpm, quote, failure) &&
	    sign_quote(tpm, qualifying_data, quote, failure)) {
		quote->ak = tpm->ak_public;
		return true;
	}
	tpm_close(tpm);
	return false;
}

static bool quote_consistently(struct tpm *tpm, const uint8_t qualifying_data[32], struct tpm_quote *quote,
			       struct failure *failure)
{
	for (unsigned tries = 0; tries < MOVED_TRIES; tries++) {
		if (!quote_once(tpm, qualifying_data, quote, failure))
			return false;
		if (consistent(quote))
			return true;
	}
	return failed_with(failure, UNAVAILABLE, "pcrs-moved", NULL,
			   "a PCR was extended between reading and quoting, %u times; ask again later", MOVED_TRIES);
}

bool tpm_quote(struct tpm *tpm, const uint8_t qualifying_data[32], struct tpm_quote *quote, struct failure *failure)
{
	const int64_t began = clock_us();
	const bool ok = quote_consistently(tpm, qualifying_data, quote, failure);

	if (ok)
		count_quote(clock_us() - began);
	return ok;
}
