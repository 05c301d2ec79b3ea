/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Certificates that vouch for an endorsement key: its public area, certificates that a host sends, and a tenant's
 * files of roots, authorities and revocations. An input is a list of these, each after its kind and its length.
 */
#include "fuzz/shared/harness.h"

#include <openssl/err.h>

#include "policy/ek.h"

#define NOW 1780000000 /* 2026: within the seeds' validity */

enum kind { KIND_KEY, KIND_SENT, KIND_ROOTS, KIND_INTERMEDIATE, KIND_REVOCATIONS, KINDS };

struct input {
	struct ek_authorities *authorities;
	struct bytes sent[EK_CERTIFICATES_MAX];
	size_t sent_count, own_count;
	struct ek_public key;
	bool has_key;
};

static void take(struct input *in, enum kind kind, struct bytes data)
{
	static const enum ek_role roles[KINDS] = {
		[KIND_ROOTS] = EK_ROOTS, [KIND_INTERMEDIATE] = EK_INTERMEDIATE, [KIND_REVOCATIONS] = EK_REVOCATIONS};
	size_t count = 0;

	if (kind == KIND_KEY) {
		in->has_key = ek_public_parse(data, &in->key);
	} else if (kind == KIND_SENT) {
		if (in->sent_count < EK_CERTIFICATES_MAX)
			in->sent[in->sent_count++] = data;
	} else {
		const enum ek_file result = ek_authorities_add(in->authorities, roles[kind], data, &count);

		PROMISE(result != EK_FILE_TAKEN || count > 0);
		in->own_count += count;
	}
}

static bool is_clean(const char *text)
{
	for (; *text; text++)
		if ((uint8_t)*text < 0x20 || (uint8_t)*text == 0x7f)
			return false;
	return true;
}

static void check(const struct input *in)
{
	static struct verdict verdict;
	struct ek_certificate facts;

	verdict_init(&verdict);
	ek_certificates_check(in->authorities, in->sent, in->sent_count, &in->key, NOW, &verdict, &facts);
	PROMISE(is_clean(facts.subject) && is_clean(facts.issuer) && is_clean(facts.root));
	for (size_t i = 0; i < verdict.refusal_count; i++)
		PROMISE(refusal_step(verdict.refusals[i].code) == STEP_IDENTITY && is_clean(verdict.refusals[i].found));
	/* Without an authority that the tenant has, none is good. */
	PROMISE(verdict.refusal_count > 0 || (in->own_count > 0 && facts.root[0] != '\0'));
	ERR_clear_error();
}

static void check_credential(const struct ek_public *key)
{
	static const uint8_t secret[SHA256_BYTES];
	const struct tpm_name name = tpm_name_of(digest_filled(0));
	struct ek_credential made;

	if (ek_make_credential(key, &name, secret, &made))
		PROMISE(made.blob_len == sizeof(made.blob) && made.secret_len == (key->rsa ? EK_MODULUS_BYTES : 68));
	ERR_clear_error();
}

void fuzz_one(struct bytes input)
{
	struct input in = {.authorities = ek_authorities_new()};
	struct reader r = reader_of(input);

	while (in.authorities && r.left > 0 && !r.failed) {
		const uint8_t kind = read_u8(&r);
		const struct bytes data = read_bytes(&r, read_le16(&r));

		if (!r.failed && kind < KINDS)
			take(&in, kind, data);
	}
	if (in.authorities && in.has_key) {
		check(&in);
		check_credential(&in.key);
	}
	ek_authorities_free(in.authorities);
}
