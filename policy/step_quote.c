/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Steps 2 to 5: whose key it is, what the quote is for, who signed it, and of which boot it is. */
#include "policy/encoding.h"
#include "policy/steps.h"

/* Attributes that decide whether a key of this TPM signs only what the TPM itself made (part 1, 27.3). */
#define AK_DECIDING                                                                        \
	(TPMA_FIXED_TPM | TPMA_ST_CLEAR | TPMA_FIXED_PARENT | TPMA_SENSITIVE_DATA_ORIGIN | \
	 TPMA_ENCRYPTED_DUPLICATION | TPMA_RESTRICTED | TPMA_DECRYPT | TPMA_SIGN_ENCRYPT)
#define AK_REQUIRED \
	(TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_SENSITIVE_DATA_ORIGIN | TPMA_RESTRICTED | TPMA_SIGN_ENCRYPT)
/* Who may use it is the host's affair; all others are reserved. */
#define AK_PERMITTED (AK_DECIDING | TPMA_USER_WITH_AUTH | TPMA_ADMIN_WITH_POLICY | TPMA_NO_DA)

struct name_hex {
	char text[2 * TPM_NAME_BYTES + 1];
};

static struct name_hex name_hex(const struct tpm_name *name)
{
	struct name_hex hex;

	hex_encode(name->bytes, sizeof(name->bytes), hex.text);
	return hex;
}

static void check_ak_form(struct judgement *j)
{
	const struct tpm_public *ak = &j->ak;

	if ((ak->attributes & AK_DECIDING) != AK_REQUIRED || (ak->attributes & ~AK_PERMITTED))
		refuse(j, REFUSE_AK_ATTRIBUTES,
		       "fixedTPM, fixedParent, sensitiveDataOrigin, restricted, sign; not decrypt, stClear",
		       "attributes 0x%08x", ak->attributes);
	if (ak->name_alg != TPM_ALG_SHA256 || ak->scheme != TPM_ALG_ECDSA || ak->scheme_hash != TPM_ALG_SHA256)
		refuse(j, REFUSE_AK_SCHEME, "name SHA-256, scheme ECDSA with SHA-256",
		       "name 0x%04x, scheme 0x%04x with 0x%04x", ak->name_alg, ak->scheme, ak->scheme_hash);
}

/* The key is a primary key (docs/protocol.md), so its qualified name says in which hierarchy. */
static void check_ak_hierarchy(struct judgement *j)
{
	static const struct {
		uint32_t handle;
		const char *name;
	} hierarchies[] = {{TPM_RH_ENDORSEMENT, NULL},
			   {TPM_RH_OWNER, "owner hierarchy, where counters are obfuscated"},
			   {TPM_RH_NULL, "null hierarchy"},
			   {TPM_RH_PLATFORM, "platform hierarchy"}};
	const char *found = "a key under another key";

	if (!j->has_quote || !j->quote.is_quote)
		return;
	for (size_t i = 0; i < sizeof(hierarchies) / sizeof(hierarchies[0]); i++) {
		const struct tpm_name name = tpm_primary_qualified_name(hierarchies[i].handle, &j->ak.name);

		if (bytes_equal(j->quote.qualified_signer, name.bytes, sizeof(name.bytes)))
			found = hierarchies[i].name;
	}
	if (found)
		refuse(j, REFUSE_AK_HIERARCHY, "a primary key of the endorsement hierarchy", "%s", found);
}

void step_identity(struct judgement *j)
{
	const struct policy *p = j->policy;

	if (!j->has_ak) {
		verdict_skip(j->verdict, STEP_IDENTITY, "the attestation key could not be read");
		return;
	}
	check_ak_form(j);
	check_ak_hierarchy(j);
	if (!p->has_ak_name) {
		verdict_skip(j->verdict, STEP_IDENTITY, "the policy pins no key: any TPM would do");
		return;
	}
	if (memcmp(p->ak_name.bytes, j->ak.name.bytes, TPM_NAME_BYTES) != 0)
		refuse(j, REFUSE_AK_NAME, name_hex(&p->ak_name).text, "%s", name_hex(&j->ak.name).text);
	verdict_pass(j->verdict, STEP_IDENTITY);
}

static void check_qualifying_data(struct judgement *j)
{
	const struct bytes found = j->quote.extra_data;
	const struct digest expected = evidence_qualifying_data(j->evidence, j->challenge);
	char text[2 * 64 + 1];

	hex_encode(found.data, found.len, text);
	if (found.len != SHA256_BYTES) {
		refuse(j, REFUSE_QUALIFYING_LENGTH, "32 bytes", "%zu bytes", found.len);
		return;
	}
	if (bytes_equal(found, expected.bytes, SHA256_BYTES))
		return;
	struct challenge no_channel = *j->challenge;
	memset(no_channel.channel, 0, sizeof(no_channel.channel));
	const struct digest without = evidence_qualifying_data(j->evidence, &no_channel);
	const bool unbound = bytes_equal(found, without.bytes, SHA256_BYTES);
	refuse(j, unbound ? REFUSE_CHANNEL : REFUSE_QUALIFYING, digest_hex(expected).text, "%s", text);
}

void step_freshness(struct judgement *j)
{
	if (!j->has_quote) {
		verdict_skip(j->verdict, STEP_FRESHNESS, "the quote could not be read");
		return;
	}
	if (j->quote.magic != TPM_GENERATED_VALUE)
		refuse(j, REFUSE_QUOTE_MAGIC, "0xff544347, which a TPM signs only itself", "0x%08x", j->quote.magic);
	else if (j->quote.type != TPM_ST_ATTEST_QUOTE)
		refuse(j, REFUSE_QUOTE_TYPE, "0x8018, TPM_ST_ATTEST_QUOTE", "0x%04x", j->quote.type);
	else
		check_qualifying_data(j);
	verdict_pass(j->verdict, STEP_FRESHNESS);
}

void step_signature(struct judgement *j)
{
	if (!j->has_ak || !j->has_signature || j->evidence->quote.len == 0) {
		verdict_skip(j->verdict, STEP_SIGNATURE, "quote, signature or key could not be read");
		return;
	}
	switch (p256_verify(&j->ak.point, &j->signature, j->evidence->quote)) {
	case P256_VALID:
		break;
	case P256_RANGE:
		refuse(j, REFUSE_SIGNATURE_RANGE, "r and s from 1 to n-1", "r or s outside");
		break;
	case P256_BAD_KEY:
		refuse(j, REFUSE_AK_POINT, "a point of P-256", "another point");
		break;
	case P256_INVALID:
		refuse(j, REFUSE_SIGNATURE, "a signature of these bytes by the attestation key",
		       "one that key %s did not make", name_hex(&j->ak.name).text);
		break;
	}
	verdict_pass(j->verdict, STEP_SIGNATURE);
}

/* Both counters of the statement were read by the loader, at this boot. */
static void compare_counters(struct judgement *j)
{
	const struct tpm_quote *quote = &j->quote;
	const struct hk_statement *statement = &j->statement;
	char expected[48];

	snprintf(expected, sizeof(expected), "%u, as in the key statement", statement->tpm_reset_count);
	if (quote->reset_count != statement->tpm_reset_count)
		refuse(j, REFUSE_RESET_COUNT, expected, "resetCount %u in the quote", quote->reset_count);
	if (quote->restart_count == 0 && statement->tpm_restart_count != 0)
		refuse(j, REFUSE_RESTART_COUNT, "restartCount 0", "%u in the key statement",
		       statement->tpm_restart_count);
}

void step_counters(struct judgement *j)
{
	if (!j->has_quote || !j->quote.is_quote) {
		verdict_skip(j->verdict, STEP_COUNTERS, "the quote could not be read");
		return;
	}
	if (j->quote.restart_count != 0)
		refuse(j, REFUSE_RESUMED, "restartCount 0", "%u in the quote", j->quote.restart_count);
	if (!j->has_statement) {
		verdict_skip(j->verdict, STEP_COUNTERS, "no key statement to compare with");
		return;
	}
	compare_counters(j);
	verdict_pass(j->verdict, STEP_COUNTERS);
}
