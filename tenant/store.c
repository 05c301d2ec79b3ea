/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A folder of evidence:
 *   answer.json nonce channel    what judges again, with the logs below if the answer only names them
 *   quote.attest quote.signature quote.pcrs ak.pem qualifying-data    what tpm2_checkquote takes
 *   tcg.log launch.log           what tpm2_eventlog takes
 *   statement fresh              what 'cloister statement' takes
 */
#include "tenant/store.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include <openssl/bio.h>
#include <openssl/pem.h>

#include "policy/tpm_parse.h"

#define NAME_ANSWER  "answer.json"
#define NAME_NONCE   "nonce"
#define NAME_CHANNEL "channel"

/* RFC 5480: SubjectPublicKeyInfo of an uncompressed P-256 point, up to X. */
static const uint8_t SPKI_P256[] = {
	0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
	0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
};

static bool save_key(const char *directory, struct bytes ak_public)
{
	uint8_t der[sizeof(SPKI_P256) + 64];
	struct tpm_public ak;

	if (!tpm_public_parse(ak_public, &ak))
		return true; /* step 1 refuses it; there is nothing to keep */
	memcpy(der, SPKI_P256, sizeof(SPKI_P256));
	memcpy(der + sizeof(SPKI_P256), ak.point.x, 32);
	memcpy(der + sizeof(SPKI_P256) + 32, ak.point.y, 32);
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem = NULL;
	bool saved = bio && PEM_write_bio(bio, "PUBLIC KEY", "", der, sizeof(der)) > 0;
	const long len = saved ? BIO_get_mem_data(bio, &pem) : 0;
	saved = saved && file_write_in(directory, "ak.pem", (struct bytes){(const uint8_t *)pem, (size_t)len});
	BIO_free(bio);
	return saved;
}

/*
 * PCR values as tpm2-tools keep them ("serialized"): tpm2-tss's structures as they lie in memory, little-endian. Of
 * tpm2-tools' other formats, the plain values lose every list of more than 7 PCRs (tpm2_checkquote 5.7).
 */
#define TSS_SELECTION_BYTES (4u + 16u * 8u) /* TPML_PCR_SELECTION */
#define TSS_DIGESTS         8u              /* in a TPML_DIGEST */
#define TSS_DIGEST_BYTES    66u             /* TPM2B_DIGEST */
#define TSS_LIST_BYTES      (4u + TSS_DIGESTS * TSS_DIGEST_BYTES)
#define TSS_MAX_LISTS       (EVIDENCE_MAX_PCRS / TSS_DIGESTS)

static bool save_pcrs(const char *directory, const struct evidence *e)
{
	uint8_t out[TSS_SELECTION_BYTES + 4 + TSS_MAX_LISTS * TSS_LIST_BYTES] = {0};
	uint8_t *lists = out + TSS_SELECTION_BYTES + 4;
	const size_t count = e->pcr_count < EVIDENCE_MAX_PCRS ? e->pcr_count : EVIDENCE_MAX_PCRS;
	const size_t list_count = (count + TSS_DIGESTS - 1) / TSS_DIGESTS;

	out[0] = 1; /* one bank */
	out[4] = TPM_ALG_SHA256;
	out[6] = 3; /* sizeofSelect */
	out[TSS_SELECTION_BYTES] = (uint8_t)list_count;
	for (size_t i = 0; i < count; i++) {
		uint8_t *list = lists + i / TSS_DIGESTS * TSS_LIST_BYTES;
		uint8_t *digest = list + 4 + i % TSS_DIGESTS * TSS_DIGEST_BYTES;
		const uint32_t index = e->pcrs[i].index;

		if (index < 24)
			out[7 + index / 8] |= (uint8_t)(1u << index % 8);
		list[0]++;
		digest[0] = SHA256_BYTES;
		memcpy(digest + 2, e->pcrs[i].value.bytes, SHA256_BYTES);
	}
	return file_write_in(directory, "quote.pcrs",
			     (struct bytes){out, (size_t)(lists - out) + list_count * TSS_LIST_BYTES});
}

static bool save_parts(const char *directory, const struct challenge *challenge, const struct evidence *e)
{
	const struct digest qualifying = evidence_qualifying_data(e, challenge);

	return file_write_in(directory, "quote.attest", e->quote) &&
	       file_write_in(directory, "quote.signature", e->signature) && save_pcrs(directory, e) &&
	       save_key(directory, e->ak_public) &&
	       file_write_in(directory, "qualifying-data", (struct bytes){qualifying.bytes, SHA256_BYTES}) &&
	       file_write_in(directory, STORE_TCG_LOG, e->tcg_log.data) &&
	       file_write_in(directory, STORE_LAUNCH_LOG, e->hv_log.data) &&
	       file_write_in(directory, "statement", e->statement) && file_write_in(directory, "fresh", e->fresh);
}

bool store_save(const char *directory, const struct challenge *challenge, struct bytes answer,
		const struct evidence *evidence)
{
	if (mkdir(directory, 0777) != 0 && errno != EEXIST) {
		fprintf(stderr, "cloister: %s: %s\n", directory, strerror(errno));
		return false;
	}
	return file_write_in(directory, NAME_ANSWER, answer) &&
	       file_write_in(directory, NAME_NONCE, (struct bytes){challenge->nonce, NONCE_BYTES}) &&
	       file_write_in(directory, NAME_CHANNEL, (struct bytes){challenge->channel, NONCE_BYTES}) &&
	       (!evidence || save_parts(directory, challenge, evidence));
}

/* Exactly 32 bytes. */
static bool load_32(const char *directory, const char *name, uint8_t to[NONCE_BYTES])
{
	struct file file;

	if (!file_read_in(directory, name, NONCE_BYTES, &file)) {
		fprintf(stderr, "cloister: a folder of evidence is what --save made\n");
		return false;
	}
	const bool ok = file.len == NONCE_BYTES;
	if (ok)
		memcpy(to, file.data, NONCE_BYTES);
	else
		fprintf(stderr, "cloister: %s/%s: must be 32 bytes, is %zu\n", directory, name, file.len);
	file_free(&file);
	return ok;
}

bool store_load(const char *directory, struct challenge *challenge, struct file *answer)
{
	*answer = (struct file){.data = NULL};
	return load_32(directory, NAME_NONCE, challenge->nonce) &&
	       load_32(directory, NAME_CHANNEL, challenge->channel) &&
	       file_read_in(directory, NAME_ANSWER, ANSWER_MAX_BYTES, answer);
}
