/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Parsers for what a TPM signs and says (TPM 2.0 Library, part 2). */
#include "policy/tpm_parse.h"

#define PCR_SELECT_MAX 4u  /* PCRs 0 to 31: larger than any TPM's (PCR_SELECT_MAX is 3 on PC clients) */
#define NAME_MAX_BYTES 66u /* nameAlg and a SHA-512 digest */

/* A TPM2B: a 16-bit size, then that many bytes, at most 'max'. */
static struct bytes read_tpm2b(struct reader *r, size_t max)
{
	const size_t len = read_be16(r);

	if (len > max)
		r->failed = true;
	return read_bytes(r, len);
}

/* TPM2B_ECC_PARAMETER (11.2.5.1) as 32 bytes: leading zeros may be absent, a longer value is refused. */
static void read_p256_number(struct reader *r, uint8_t out[32])
{
	const struct bytes b = read_tpm2b(r, 32);

	memset(out, 0, 32);
	if (b.len > 0)
		memcpy(out + 32 - b.len, b.data, b.len);
}

/* TPML_PCR_SELECTION (10.9.7). Only the first bank is kept: more than one is a separate refusal. */
static void read_selections(struct reader *r, struct tpm_quote *quote)
{
	quote->selections = read_be32(r);
	if (quote->selections > 16) /* HASH_COUNT of no TPM is larger */
		r->failed = true;
	for (uint32_t i = 0; i < quote->selections && !r->failed; i++) {
		const uint16_t bank = read_be16(r);
		const size_t len = read_u8(r);
		uint32_t mask = 0;

		if (len > PCR_SELECT_MAX)
			r->failed = true;
		for (size_t byte = 0; byte < len && !r->failed; byte++)
			mask |= (uint32_t)read_u8(r) << (8 * byte);
		if (i == 0) {
			quote->bank = bank;
			quote->pcr_mask = mask;
		}
	}
}

bool tpm_quote_parse(struct bytes raw, struct tpm_quote *quote)
{
	struct reader r = reader_of(raw);

	*quote = (struct tpm_quote){.magic = read_be32(&r), .type = read_be16(&r)};
	quote->is_quote = quote->magic == TPM_GENERATED_VALUE && quote->type == TPM_ST_ATTEST_QUOTE;
	if (r.failed || !quote->is_quote)
		return !r.failed;
	quote->qualified_signer = read_tpm2b(&r, NAME_MAX_BYTES);
	quote->extra_data = read_tpm2b(&r, 64); /* TPM2B_DATA: at most TPMT_HA without its algorithm */
	quote->clock = read_be64(&r);
	quote->reset_count = read_be32(&r);
	quote->restart_count = read_be32(&r);
	const uint8_t safe = read_u8(&r); /* TPMI_YES_NO */
	if (safe > 1)
		r.failed = true;
	quote->safe = safe == 1;
	quote->firmware_version = read_be64(&r);
	read_selections(&r, quote);
	quote->pcr_digest = read_tpm2b(&r, 64);
	return read_done(&r);
}

bool tpm_signature_parse(struct bytes raw, struct p256_signature *signature)
{
	struct reader r = reader_of(raw);

	if (read_be16(&r) != TPM_ALG_ECDSA || read_be16(&r) != TPM_ALG_SHA256)
		return false;
	read_p256_number(&r, signature->r);
	read_p256_number(&r, signature->s);
	return read_done(&r);
}

struct tpm_name tpm_name_of(struct digest d)
{
	struct tpm_name name = {{TPM_ALG_SHA256 >> 8, TPM_ALG_SHA256 & 0xff}};

	memcpy(name.bytes + 2, d.bytes, sizeof(d.bytes));
	return name;
}

bool tpm_public_parse(struct bytes raw, struct tpm_public *public)
{
	struct reader r = reader_of(raw);

	*public = (struct tpm_public){.type = read_be16(&r), .name_alg = read_be16(&r), .attributes = read_be32(&r)};
	if (public->type != TPM_ALG_ECC)
		return false;
	read_tpm2b(&r, 64); /* authPolicy: who may use the key, not what it signs */
	public->symmetric = read_be16(&r);
	public->scheme = read_be16(&r);
	if (public->symmetric != TPM_ALG_NULL || public->scheme == TPM_ALG_NULL)
		return false; /* a restricted signing key has no cipher and a fixed scheme */
	public->scheme_hash = read_be16(&r);
	public->curve = read_be16(&r);
	public->kdf = read_be16(&r);
	if (public->curve != TPM_ECC_NIST_P256 || public->kdf != TPM_ALG_NULL)
		return false;
	read_p256_number(&r, public->point.x);
	read_p256_number(&r, public->point.y);
	public->name = tpm_name_of(sha256(raw));
	return read_done(&r);
}

struct tpm_name tpm_primary_qualified_name(uint32_t hierarchy, const struct tpm_name *name)
{
	const uint8_t handle[4] = {(uint8_t)(hierarchy >> 24), (uint8_t)(hierarchy >> 16), (uint8_t)(hierarchy >> 8),
				   (uint8_t)hierarchy};
	const struct bytes pieces[] = {{handle, sizeof(handle)}, {name->bytes, sizeof(name->bytes)}};

	return tpm_name_of(sha256_pieces(pieces, 2));
}

size_t tpm_digest_bytes(uint16_t algorithm)
{
	switch (algorithm) {
	case TPM_ALG_SHA1:
		return 20;
	case TPM_ALG_SHA256:
	case TPM_ALG_SM3_256:
	case TPM_ALG_SHA3_256:
		return 32;
	case TPM_ALG_SHA384:
	case TPM_ALG_SHA3_384:
		return 48;
	case TPM_ALG_SHA512:
	case TPM_ALG_SHA3_512:
		return 64;
	default:
		return 0;
	}
}
