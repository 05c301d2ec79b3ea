/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wraps: Tss2_TctiLdr_Initialize Tss2_TctiLdr_Finalize Esys_Initialize Esys_Finalize Esys_FlushContext */
/* wraps: Esys_CreatePrimary Esys_PCR_Read Esys_Quote */
/* What the TPM is asked for: which key, which PCRs, and that quote and values are of one moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <tss2/tss2_mu.h>

#include "tpm_internal.h"

#define AK          0x40418001u
#define READ_VALUES 8u /* that a TPM gives at most in one answer */

/* TPM 2.0 Part 2, 8.3: fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, sign */
#define AK_ATTRIBUTES 0x00050472u

static struct {
	ESYS_TR hierarchy; /* of the key that was made */
	TPMT_PUBLIC template;
	uint8_t counter[24]; /* the first byte of each PCR's value */
	unsigned moves;      /* so many quotes find another PCR 4 than was read */
	unsigned quotes, flushes;
	uint8_t qualifying_data[32];
	TPML_PCR_SELECTION quoted;
} tpm2;

TSS2_RC __wrap_Tss2_TctiLdr_Initialize(const char *name, TSS2_TCTI_CONTEXT **context);
void __wrap_Tss2_TctiLdr_Finalize(TSS2_TCTI_CONTEXT **context);
TSS2_RC __wrap_Esys_Initialize(ESYS_CONTEXT **esys, TSS2_TCTI_CONTEXT *tcti, TSS2_ABI_VERSION *version);
void __wrap_Esys_Finalize(ESYS_CONTEXT **esys);
TSS2_RC __wrap_Esys_FlushContext(ESYS_CONTEXT *esys, ESYS_TR handle);
TSS2_RC __wrap_Esys_CreatePrimary(ESYS_CONTEXT *esys, ESYS_TR hierarchy, ESYS_TR a, ESYS_TR b, ESYS_TR c,
				  const TPM2B_SENSITIVE_CREATE *sensitive, const TPM2B_PUBLIC *public,
				  const TPM2B_DATA *outside, const TPML_PCR_SELECTION *pcrs, ESYS_TR *key,
				  TPM2B_PUBLIC **made, TPM2B_CREATION_DATA **data, TPM2B_DIGEST **hash,
				  TPMT_TK_CREATION **ticket);
TSS2_RC __wrap_Esys_PCR_Read(ESYS_CONTEXT *esys, ESYS_TR a, ESYS_TR b, ESYS_TR c, const TPML_PCR_SELECTION *wanted,
			     UINT32 *count, TPML_PCR_SELECTION **got, TPML_DIGEST **values);
TSS2_RC __wrap_Esys_Quote(ESYS_CONTEXT *esys, ESYS_TR key, ESYS_TR a, ESYS_TR b, ESYS_TR c, const TPM2B_DATA *data,
			  const TPMT_SIG_SCHEME *scheme, const TPML_PCR_SELECTION *pcrs, TPM2B_ATTEST **attest,
			  TPMT_SIGNATURE **signature);

TSS2_RC __wrap_Tss2_TctiLdr_Initialize(const char *name, TSS2_TCTI_CONTEXT **context)
{
	assert_string_equal(name, "test");
	*context = (TSS2_TCTI_CONTEXT *)&tpm2;
	return TSS2_RC_SUCCESS;
}

void __wrap_Tss2_TctiLdr_Finalize(TSS2_TCTI_CONTEXT **context)
{
	*context = NULL;
}

TSS2_RC __wrap_Esys_Initialize(ESYS_CONTEXT **esys, TSS2_TCTI_CONTEXT *tcti, TSS2_ABI_VERSION *version)
{
	assert_ptr_equal(tcti, &tpm2);
	assert_null(version);
	*esys = (ESYS_CONTEXT *)&tpm2;
	return TSS2_RC_SUCCESS;
}

void __wrap_Esys_Finalize(ESYS_CONTEXT **esys)
{
	*esys = NULL;
}

TSS2_RC __wrap_Esys_FlushContext(ESYS_CONTEXT *esys, ESYS_TR handle)
{
	assert_ptr_equal(esys, &tpm2);
	assert_int_equal(handle, AK);
	tpm2.flushes++;
	return TSS2_RC_SUCCESS;
}

TSS2_RC __wrap_Esys_CreatePrimary(ESYS_CONTEXT *esys, ESYS_TR hierarchy, ESYS_TR a, ESYS_TR b, ESYS_TR c,
				  const TPM2B_SENSITIVE_CREATE *sensitive, const TPM2B_PUBLIC *public,
				  const TPM2B_DATA *outside, const TPML_PCR_SELECTION *pcrs, ESYS_TR *key,
				  TPM2B_PUBLIC **made, TPM2B_CREATION_DATA **data, TPM2B_DIGEST **hash,
				  TPMT_TK_CREATION **ticket)
{
	(void)a, (void)b, (void)c, (void)outside, (void)pcrs, (void)data, (void)hash, (void)ticket;
	assert_ptr_equal(esys, &tpm2);
	assert_int_equal(sensitive->sensitive.data.size, 0); /* the TPM makes the key */
	tpm2.hierarchy = hierarchy;
	tpm2.template = public->publicArea;
	*key = AK;
	*made = malloc(sizeof(**made));
	assert_non_null(*made);
	**made = *public;
	return TSS2_RC_SUCCESS;
}

static bool is_selected(const TPML_PCR_SELECTION *pcrs, uint32_t pcr)
{
	assert_int_equal(pcrs->count, 1);
	assert_int_equal(pcrs->pcrSelections[0].hash, TPM2_ALG_SHA256);
	assert_int_equal(pcrs->pcrSelections[0].sizeofSelect, 3);
	return pcrs->pcrSelections[0].pcrSelect[pcr / 8] >> pcr % 8 & 1;
}

static void put_value(uint32_t pcr, uint8_t value[32])
{
	memset(value, (int)pcr, 32);
	value[0] = tpm2.counter[pcr];
}

TSS2_RC __wrap_Esys_PCR_Read(ESYS_CONTEXT *esys, ESYS_TR a, ESYS_TR b, ESYS_TR c, const TPML_PCR_SELECTION *wanted,
			     UINT32 *count, TPML_PCR_SELECTION **got, TPML_DIGEST **values)
{
	(void)esys, (void)a, (void)b, (void)c, (void)count;
	*got = calloc(1, sizeof(**got));
	*values = calloc(1, sizeof(**values));
	assert_true(*got && *values);
	**got = *wanted;
	memset((*got)->pcrSelections[0].pcrSelect, 0, 3);
	for (uint32_t pcr = 0; pcr < 24 && (*values)->count < READ_VALUES; pcr++) {
		if (!is_selected(wanted, pcr))
			continue;
		TPM2B_DIGEST *value = &(*values)->digests[(*values)->count++];

		value->size = 32;
		put_value(pcr, value->buffer);
		(*got)->pcrSelections[0].pcrSelect[pcr / 8] |= (BYTE)(1u << pcr % 8);
	}
	return TSS2_RC_SUCCESS;
}

/* The digest of the PCRs as they are now (Part 3, 18.4). */
static void put_digest(const TPML_PCR_SELECTION *pcrs, TPM2B_DIGEST *digest)
{
	uint8_t values[24][32];
	size_t count = 0;

	for (uint32_t pcr = 0; pcr < 24; pcr++)
		if (is_selected(pcrs, pcr))
			put_value(pcr, values[count++]);
	digest->size = 32;
	SHA256(values[0], count * 32, digest->buffer);
}

TSS2_RC __wrap_Esys_Quote(ESYS_CONTEXT *esys, ESYS_TR key, ESYS_TR a, ESYS_TR b, ESYS_TR c, const TPM2B_DATA *data,
			  const TPMT_SIG_SCHEME *scheme, const TPML_PCR_SELECTION *pcrs, TPM2B_ATTEST **attest,
			  TPMT_SIGNATURE **signature)
{
	TPMS_ATTEST quote = {.magic = TPM2_GENERATED_VALUE, .type = TPM2_ST_ATTEST_QUOTE, .extraData = *data};
	size_t offset = 0;

	(void)esys, (void)a, (void)b, (void)c;
	assert_int_equal(key, AK);
	assert_int_equal(scheme->scheme, TPM2_ALG_NULL); /* the key's own */
	assert_int_equal(data->size, 32);
	memcpy(tpm2.qualifying_data, data->buffer, 32);
	if (tpm2.quotes++ < tpm2.moves)
		tpm2.counter[4]++;
	tpm2.quoted = *pcrs;
	quote.attested.quote.pcrSelect = *pcrs;
	put_digest(pcrs, &quote.attested.quote.pcrDigest);
	*attest = calloc(1, sizeof(**attest));
	*signature = calloc(1, sizeof(**signature));
	assert_true(*attest && *signature);
	assert_int_equal(Tss2_MU_TPMS_ATTEST_Marshal(&quote, (*attest)->attestationData,
						     sizeof((*attest)->attestationData), &offset),
			 TSS2_RC_SUCCESS);
	(*attest)->size = (UINT16)offset;
	(*signature)->sigAlg = TPM2_ALG_ECDSA;
	(*signature)->signature.ecdsa.hash = TPM2_ALG_SHA256;
	return TSS2_RC_SUCCESS;
}

static struct tpm *tpm;

static int open_tpm(void **state)
{
	static const struct tpm_sources sources = {.tcti = "test"};

	(void)state;
	memset(&tpm2, 0, sizeof(tpm2));
	tpm = tpm_new(&sources);
	return tpm == NULL;
}

static int close_tpm(void **state)
{
	(void)state;
	tpm_free(tpm);
	assert_int_equal(tpm2.flushes, 1);
	return 0;
}

/* A key of the endorsement hierarchy, the same at each start, that signs what the TPM made and nothing else. */
static void attestation_key(void **state)
{
	const TPMT_PUBLIC *key = &tpm2.template;
	struct failure failure;

	(void)state;
	assert_true(tpm_ready(tpm, &failure));
	assert_int_equal(tpm2.hierarchy, ESYS_TR_RH_ENDORSEMENT);
	assert_int_equal(key->objectAttributes, AK_ATTRIBUTES);
	assert_int_equal(key->type, TPM2_ALG_ECC);
	assert_int_equal(key->nameAlg, TPM2_ALG_SHA256);
	assert_int_equal(key->authPolicy.size, 0);
	assert_int_equal(key->parameters.eccDetail.scheme.scheme, TPM2_ALG_ECDSA);
	assert_int_equal(key->parameters.eccDetail.scheme.details.ecdsa.hashAlg, TPM2_ALG_SHA256);
	assert_int_equal(key->parameters.eccDetail.curveID, TPM2_ECC_NIST_P256);
	assert_int_equal(key->unique.ecc.x.size, 0); /* or another key each time */
}

static const uint8_t nonce[32] = {1, 2, 3};

/* The PCRs of docs/protocol.md, each with its value. */
static void quoted_pcrs(void **state)
{
	static const uint8_t expected[] = {0, 1, 2, 3, 4, 5, 6, 7, 14, 17, 18, 19};
	struct tpm_quote quote;
	struct failure failure;
	uint8_t value[32];

	(void)state;
	for (uint8_t pcr = 0; pcr < 24; pcr++)
		tpm2.counter[pcr] = (uint8_t)(0x80 | pcr);
	assert_true(tpm_quote(tpm, nonce, &quote, &failure));
	assert_memory_equal(tpm2.qualifying_data, nonce, 32);
	assert_int_equal(TPM_PCR_COUNT, sizeof(expected));
	for (size_t i = 0; i < sizeof(expected); i++) {
		put_value(expected[i], value);
		assert_memory_equal(quote.values[i], value, 32);
		tpm2.quoted.pcrSelections[0].pcrSelect[expected[i] / 8] ^= (BYTE)(1u << expected[i] % 8);
	}
	for (size_t i = 0; i < 3; i++) /* and no other */
		assert_int_equal(tpm2.quoted.pcrSelections[0].pcrSelect[i], 0);
	assert_int_equal(tpm2.quotes, 1);
}

/* Values that the quote does not cover are never sent. */
static void pcr_moves_meanwhile(void **state)
{
	struct tpm_quote quote;
	struct failure failure;

	(void)state;
	tpm2.moves = 1;
	assert_true(tpm_quote(tpm, nonce, &quote, &failure));
	assert_int_equal(tpm2.quotes, 2);
	assert_int_equal(quote.values[4][0], 1);
	tpm2.moves = UINT32_MAX;
	assert_false(tpm_quote(tpm, nonce, &quote, &failure));
	assert_string_equal(failure.code, "pcrs-moved");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(attestation_key, open_tpm, close_tpm),
		cmocka_unit_test_setup_teardown(quoted_pcrs, open_tpm, close_tpm),
		cmocka_unit_test_setup_teardown(pcr_moves_meanwhile, open_tpm, close_tpm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
