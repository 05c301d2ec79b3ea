/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An endorsement key's public area. */
#include "policy/ek.h"

/* What the templates have in common, from nameAlg on: SHA-256; the attributes fixedTPM, fixedParent,
 * sensitiveDataOrigin, adminWithPolicy, restricted, decrypt; PolicySecret(TPM_RH_ENDORSEMENT); AES 128 CFB; no scheme.
 */
static const uint8_t TEMPLATE[] = {
	0x00, 0x0b, 0x00, 0x03, 0x00, 0xb2, 0x00, 0x20, 0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8,
	0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64,
	0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa, 0x00, 0x06, 0x00, 0x80, 0x00, 0x43, 0x00, 0x10,
};

#define RSA_BITS 2048u

static bool read_rsa(struct reader *r, struct ek_public *ek)
{
	ek->rsa = true;
	if (read_be16(r) != RSA_BITS || read_be32(r) != 0 /* 65537 */ || read_be16(r) != EK_MODULUS_BYTES)
		return false;
	read_copy(r, ek->modulus, EK_MODULUS_BYTES);
	return read_done(r) && ek->modulus[0] >= 0x80 && (ek->modulus[EK_MODULUS_BYTES - 1] & 1);
}

/* Only with its leading zeros, as a TPM gives it (part 1, C.8): a key has one public area, and one name. */
static bool read_number(struct reader *r, uint8_t number[32])
{
	if (read_be16(r) != 32)
		return false;
	read_copy(r, number, 32);
	return true;
}

static bool read_ecc(struct reader *r, struct ek_public *ek)
{
	if (read_be16(r) != TPM_ECC_NIST_P256 || read_be16(r) != TPM_ALG_NULL)
		return false;
	return read_number(r, ek->point.x) && read_number(r, ek->point.y) && read_done(r);
}

bool ek_public_parse(struct bytes raw, struct ek_public *ek)
{
	struct reader r = reader_of(raw);
	const uint16_t type = read_be16(&r);

	*ek = (struct ek_public){.rsa = false};
	if (!bytes_equal(read_bytes(&r, sizeof(TEMPLATE)), TEMPLATE, sizeof(TEMPLATE)))
		return false;
	ek->name = tpm_name_of(sha256(raw));
	return type == TPM_ALG_RSA ? read_rsa(&r, ek) : type == TPM_ALG_ECC && read_ecc(&r, ek);
}
