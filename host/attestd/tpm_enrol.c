/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Enrolment: opening a credential, to show that the attestation key and the endorsement key are in one TPM. */
#include <string.h>
#include <tss2/tss2_rc.h>

#include "tpm_internal.h"

#define BAD_REQUEST   400u
#define RC_LAYER_MASK 0xffff0000u
#define RC_FORMAT_1   0x80u /* TPM 2.0 Part 2, 6.6.2: the code names a parameter, */
#define RC_PARAMETER  0x40u /* and not a handle or a session */

_Static_assert(CREDENTIAL_MAX_BYTES <= sizeof(((TPM2B_ID_OBJECT *)0)->credential), "a credential may not fit");
_Static_assert(SECRET_MAX_BYTES <= sizeof(((TPM2B_ENCRYPTED_SECRET *)0)->secret), "a secret may not fit");

/* PolicyA of the endorsement key's template: knowledge of the (empty) password of the endorsement hierarchy. */
static bool open_session(struct tpm *tpm, ESYS_TR *session, struct failure *failure)
{
	const TPMT_SYM_DEF none = {.algorithm = TPM2_ALG_NULL};
	unsigned tries = 0;
	TSS2_RC rc;

	do
		rc = Esys_StartAuthSession(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					   ESYS_TR_NONE, NULL, TPM2_SE_POLICY, &none, TPM2_ALG_SHA256, session);
	while (tpm_again(rc, &tries));
	if (rc != TSS2_RC_SUCCESS)
		return tpm_fail(failure, "TPM2_StartAuthSession", rc);
	do
		rc = Esys_PolicySecret(tpm->esys, ESYS_TR_RH_ENDORSEMENT, *session, ESYS_TR_PASSWORD, ESYS_TR_NONE,
				       ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL);
	while (tpm_again(rc, &tries));
	return rc == TSS2_RC_SUCCESS || tpm_fail(failure, "TPM2_PolicySecret", rc);
}

/*
 * Does the TPM refuse the parameters that were sent? libtpms answers a secret that is no OAEP with TPM_RC_FAILURE, and
 * goes on; a TPM that has failed shows at the next request.
 */
static bool blames_parameter(TSS2_RC rc)
{
	return rc == TPM2_RC_FAILURE ||
	       ((rc & RC_LAYER_MASK) == 0 && (rc & (RC_FORMAT_1 | RC_PARAMETER)) == (RC_FORMAT_1 | RC_PARAMETER));
}

static TSS2_RC activate(struct tpm *tpm, ESYS_TR ek, ESYS_TR session, const struct enrol_request *request,
			struct tpm_secret *secret)
{
	TPM2B_ID_OBJECT credential = {.size = (UINT16)request->credential_bytes};
	TPM2B_ENCRYPTED_SECRET seed = {.size = (UINT16)request->secret_bytes};
	TPM2B_DIGEST *opened = NULL;
	unsigned tries = 0;
	TSS2_RC rc;

	memcpy(credential.credential, request->credential, request->credential_bytes);
	memcpy(seed.secret, request->secret, request->secret_bytes);
	do
		rc = Esys_ActivateCredential(tpm->esys, tpm->ak, ek, ESYS_TR_PASSWORD, session, ESYS_TR_NONE,
					     &credential, &seed, &opened);
	while (tpm_again(rc, &tries));
	if (rc != TSS2_RC_SUCCESS)
		return rc;
	secret->length = opened->size < sizeof(secret->bytes) ? opened->size : sizeof(secret->bytes);
	memcpy(secret->bytes, opened->buffer, secret->length);
	Esys_Free(opened);
	return rc;
}

static bool activate_with(struct tpm *tpm, ESYS_TR ek, const struct enrol_request *request, struct tpm_secret *secret,
			  struct failure *failure)
{
	ESYS_TR session = ESYS_TR_NONE;
	TSS2_RC rc = TSS2_RC_SUCCESS;
	const bool ready = open_session(tpm, &session, failure);

	if (ready)
		rc = activate(tpm, ek, session, request, secret);
	if (session != ESYS_TR_NONE)
		Esys_FlushContext(tpm->esys, session); /* in vain where the command ended it */
	if (!ready)
		return false;
	if (blames_parameter(rc))
		return failed_with(failure, BAD_REQUEST, "bad-credential", "credential_blob",
				   "the TPM does not open it: it was made for other keys, or changed");
	return rc == TSS2_RC_SUCCESS || tpm_fail(failure, "TPM2_ActivateCredential", rc);
}

bool tpm_activate(struct tpm *tpm, const struct enrol_request *request, struct tpm_secret *secret,
		  struct failure *failure)
{
	const struct tpm_identity *known = tpm_identity(tpm, failure);
	struct tpm_public public;
	ESYS_TR ek = ESYS_TR_NONE;

	if (!known)
		return false;
	if (!tpm_load_ek(tpm, known->rsa, &ek, &public, failure)) {
		tpm_close(tpm);
		return false;
	}
	const bool ok = activate_with(tpm, ek, request, secret, failure);
	Esys_FlushContext(tpm->esys, ek);
	if (!ok && failure->status != BAD_REQUEST)
		tpm_close(tpm);
	return ok;
}
