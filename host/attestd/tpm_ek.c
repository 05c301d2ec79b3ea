/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The endorsement key: certificates from NV and the public area, made again from the template of the TCG EK
 * Credential Profile 2.5, annex B.3, under which the vendor certified it.
 */
#include <string.h>

#include "file.h"
#include "tpm_internal.h"

#define NV_CERTIFICATE_RSA 0x01C00002u /* EK Credential Profile 2.2.1.4 */
#define NV_CERTIFICATE_ECC 0x01C0000Au
#define NV_CHAIN_FIRST     0x01C00100u
#define NV_CHAIN_COUNT     0x100u
#define CHAIN_MAX_BYTES    (32u << 10)
#define UNAVAILABLE        503u
#define NV_CHUNK           512u /* every TPM's TPM_PT_NV_BUFFER_MAX is larger (PC Client Platform TPM Profile) */

#define EK_ATTRIBUTES                                                                       \
	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | \
	 TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)

/* PolicyA: TPM2_PolicySecret(TPM_RH_ENDORSEMENT). */
#define EK_POLICY                                                                                                   \
	{.size = 32,                                                                                                \
	 .buffer = {0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24, \
		    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa}}

#define EK_SYMMETRIC {.algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB}

/* Template L-1: RSA 2048. */
static const TPM2B_PUBLIC ek_rsa = {
	.publicArea =
		{
			.type = TPM2_ALG_RSA,
			.nameAlg = TPM2_ALG_SHA256,
			.objectAttributes = EK_ATTRIBUTES,
			.authPolicy = EK_POLICY,
			.parameters.rsaDetail =
				{
					.symmetric = EK_SYMMETRIC,
					.scheme.scheme = TPM2_ALG_NULL,
					.keyBits = 2048,
				},
			.unique.rsa.size = 256,
		},
};

/* Template L-2: ECC NIST P-256. */
static const TPM2B_PUBLIC ek_ecc = {
	.publicArea =
		{
			.type = TPM2_ALG_ECC,
			.nameAlg = TPM2_ALG_SHA256,
			.objectAttributes = EK_ATTRIBUTES,
			.authPolicy = EK_POLICY,
			.parameters.eccDetail =
				{
					.symmetric = EK_SYMMETRIC,
					.scheme.scheme = TPM2_ALG_NULL,
					.curveID = TPM2_ECC_NIST_P256,
					.kdf.scheme = TPM2_ALG_NULL,
				},
			.unique.ecc = {.x.size = 32, .y.size = 32},
		},
};

size_t tpm_der_length(const uint8_t *data, size_t bytes)
{
	size_t length;

	/* A certificate is a SEQUENCE of 256 to 65535 bytes: X.690, 8.1.3.5. */
	if (bytes < 4 || data[0] != 0x30 || data[1] != 0x82)
		return 0;
	length = 4 + ((size_t)data[2] << 8 | data[3]);
	return length <= bytes ? length : 0;
}

static bool read_nv(struct tpm *tpm, ESYS_TR index, size_t bytes, uint8_t *out, struct failure *failure)
{
	for (size_t done = 0; done < bytes;) {
		const size_t part = bytes - done < NV_CHUNK ? bytes - done : NV_CHUNK;
		TPM2B_MAX_NV_BUFFER *data = NULL;
		unsigned tries = 0;
		TSS2_RC rc;

		do
			rc = Esys_NV_Read(tpm->esys, index, index, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
					  (UINT16)part, (UINT16)done, &data);
		while (tpm_again(rc, &tries));
		if (rc != TSS2_RC_SUCCESS)
			return tpm_fail(failure, "TPM2_NV_Read of an EK certificate", rc);
		memcpy(out + done, data->buffer, data->size < part ? data->size : part);
		Esys_Free(data);
		done += part;
	}
	return true;
}

/* Size of an NV index, 0 if it is not defined or larger than a certificate. */
static size_t nv_size(struct tpm *tpm, ESYS_TR index)
{
	TPM2B_NV_PUBLIC *public = NULL;
	size_t bytes = 0;

	if (Esys_NV_ReadPublic(tpm->esys, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &public, NULL) ==
	    TSS2_RC_SUCCESS)
		bytes = public->nvPublic.dataSize;
	Esys_Free(public);
	return bytes <= TPM_CERTIFICATE_MAX ? bytes : 0;
}

/* Is there such an NV index? The caller closes 'index'. */
static bool find_nv(struct tpm *tpm, TPM2_HANDLE handle, ESYS_TR *index)
{
	return Esys_TR_FromTPMPublic(tpm->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, index) ==
	       TSS2_RC_SUCCESS;
}

/* Appends the certificate at an NV index, where there is one. 'found' says whether. */
static bool read_certificate(struct tpm *tpm, TPM2_HANDLE handle, struct tpm_identity *identity, bool *found,
			     struct failure *failure)
{
	struct tpm_certificate *certificate = &identity->certificates[identity->certificate_count];
	ESYS_TR index = ESYS_TR_NONE;
	size_t bytes;
	bool ok;

	*found = false;
	if (!find_nv(tpm, handle, &index))
		return true;
	bytes = nv_size(tpm, index);
	ok = read_nv(tpm, index, bytes, certificate->der, failure);
	Esys_TR_Close(tpm->esys, &index);
	certificate->length = tpm_der_length(certificate->der, bytes);
	*found = ok && certificate->length > 0;
	identity->certificate_count += *found;
	return ok;
}

/*
 * The authorities' certificates: in NV indices 0x01C00100 to 0x01C001FF, one after the other, and not always one for
 * each index (EK Credential Profile 2.5, 2.2.1.5.2). Certificates that cannot be read are left out: the tenant may have
 * them.
 */
static void read_chain(struct tpm *tpm, struct tpm_identity *identity)
{
	static uint8_t chain[CHAIN_MAX_BYTES];
	TPMS_CAPABILITY_DATA *found = NULL;
	struct failure ignored;
	size_t bytes = 0;

	if (Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_HANDLES, NV_CHAIN_FIRST,
			       NV_CHAIN_COUNT, NULL, &found) != TSS2_RC_SUCCESS)
		return;
	for (UINT32 i = 0; i < found->data.handles.count; i++) {
		const TPM2_HANDLE handle = found->data.handles.handle[i];
		ESYS_TR index = ESYS_TR_NONE;

		if (handle >= NV_CHAIN_FIRST + NV_CHAIN_COUNT || !find_nv(tpm, handle, &index))
			continue;
		const size_t more = nv_size(tpm, index);
		if (more <= sizeof(chain) - bytes && read_nv(tpm, index, more, chain + bytes, &ignored))
			bytes += more;
		Esys_TR_Close(tpm->esys, &index);
	}
	Esys_Free(found);
	tpm_take_certificates(identity, chain, bytes);
}

static bool read_file(struct tpm *tpm, struct tpm_identity *identity, struct failure *failure)
{
	struct blob file;

	if (!tpm->sources->certificates)
		return true;
	if (file_read(tpm->sources->certificates, CHAIN_MAX_BYTES, &file) != 0)
		return failed_with(failure, UNAVAILABLE, "ek-certificates", NULL,
				   "the host cannot read its file of EK certificates; see its log");
	tpm_take_certificates(identity, file.data, file.bytes);
	blob_free(&file);
	return true;
}

void tpm_take_certificates(struct tpm_identity *identity, const uint8_t *data, size_t bytes)
{
	while (identity->certificate_count < TPM_CERTIFICATES_MAX) {
		struct tpm_certificate *next = &identity->certificates[identity->certificate_count];
		const size_t length = tpm_der_length(data, bytes);

		if (length == 0 || length > sizeof(next->der))
			return;
		memcpy(next->der, data, length);
		next->length = length;
		identity->certificate_count++;
		data += length;
		bytes -= length;
	}
}

bool tpm_load_ek(struct tpm *tpm, bool rsa, ESYS_TR *key, struct tpm_public *public, struct failure *failure)
{
	return tpm_create_primary(tpm, rsa ? &ek_rsa : &ek_ecc, key, public, failure);
}

bool tpm_read_ek(struct tpm *tpm, struct tpm_identity *identity, struct failure *failure)
{
	ESYS_TR key = ESYS_TR_NONE;
	bool ecc, rsa;

	if (!read_certificate(tpm, NV_CERTIFICATE_ECC, identity, &ecc, failure) ||
	    !read_certificate(tpm, NV_CERTIFICATE_RSA, identity, &rsa, failure))
		return false;
	read_chain(tpm, identity);
	/* The key that has a certificate; if neither has, the one that is quick to make. */
	identity->rsa = tpm->sources->ek == TPM_EK_RSA || (tpm->sources->ek == TPM_EK_CERTIFIED && rsa && !ecc);
	if (!read_file(tpm, identity, failure) || !tpm_load_ek(tpm, identity->rsa, &key, &identity->ek, failure))
		return false;
	Esys_FlushContext(tpm->esys, key);
	return true;
}
