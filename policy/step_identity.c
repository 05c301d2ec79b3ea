/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 2: which machine it is. */
#include "policy/encoding.h"
#include "policy/steps.h"

/*
 * What the key of attestd's template has, and no other attribute (part 1, 27.3): it signs only what the TPM itself
 * made, never leaves it, and is not locked out by power cuts.
 */
#define AK_ATTRIBUTES                                                                                         \
	(TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_SENSITIVE_DATA_ORIGIN | TPMA_USER_WITH_AUTH | TPMA_NO_DA | \
	 TPMA_RESTRICTED | TPMA_SIGN_ENCRYPT)

void ak_form_check(const struct tpm_public *ak, struct verdict *verdict)
{
	char found[80];

	if (ak->attributes != AK_ATTRIBUTES) {
		snprintf(found, sizeof(found), "attributes 0x%08x", ak->attributes);
		verdict_refuse(
			verdict, REFUSE_AK_ATTRIBUTES,
			"exactly fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, sign",
			found);
	}
	if (ak->name_alg == TPM_ALG_SHA256 && ak->scheme == TPM_ALG_ECDSA && ak->scheme_hash == TPM_ALG_SHA256)
		return;
	snprintf(found, sizeof(found), "name 0x%04x, scheme 0x%04x with 0x%04x", ak->name_alg, ak->scheme,
		 ak->scheme_hash);
	verdict_refuse(verdict, REFUSE_AK_SCHEME, "name SHA-256, scheme ECDSA with SHA-256", found);
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

static void check_enrolled(struct judgement *j, const struct tpm_name *expected)
{
	if (memcmp(expected->bytes, j->ak.name.bytes, TPM_NAME_BYTES) != 0)
		refuse(j, REFUSE_AK_ENROLLED, name_hex(expected).text, "%s", name_hex(&j->ak.name).text);
}

/* The key must be the one that the tenant knows, by the policy or by an enrolment. */
static void check_pinned(struct judgement *j)
{
	const struct policy *p = j->policy;
	char expected[VERDICT_TEXT];

	if (policy_pins(p, &j->ak.name))
		return;
	snprintf(expected, sizeof(expected), "%s%s", name_hex(&p->ak_names[0]).text,
		 p->ak_name_count > 1 ? ", or another of the policy" : "");
	refuse(j, REFUSE_AK_NAME, expected, "%s", name_hex(&j->ak.name).text);
}

/* Nothing says which machine it must be: the tenant may have said that any will do. */
static void judge_unknown(struct judgement *j)
{
	if (j->known->any_tpm) {
		verdict_on_condition(j->verdict, CONDITION_ANY_TPM);
		verdict_skip(j->verdict, STEP_IDENTITY, "any TPM will do (--any-tpm)");
		return;
	}
	if (j->verdict->state[STEP_IDENTITY] != STEP_REFUSED)
		refuse(j, REFUSE_IDENTITY_UNKNOWN, "a key that is enrolled for this host, or pinned by the policy",
		       "key %s, which nothing here knows", name_hex(&j->ak.name).text);
}

void step_identity(struct judgement *j)
{
	const struct policy *p = j->policy;
	const struct known_host *k = j->known;

	if (!j->has_ak) {
		verdict_skip(j->verdict, STEP_IDENTITY, "the attestation key could not be read");
		return;
	}
	ak_form_check(&j->ak, j->verdict);
	check_ak_hierarchy(j);
	if (p->ak_name_count > 0)
		check_pinned(j);
	if (k->enrolled)
		check_enrolled(j, &k->ak_name);
	if (p->ak_name_count > 0 || k->enrolled)
		verdict_pass(j->verdict, STEP_IDENTITY);
	else
		judge_unknown(j);
}
