/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Step 2: the attestation key, and whether it is the one that is known. */
#include "lie.h"

static void ak_other_tpm(struct scenario *s)
{
	s->ak = s->quote_key = build_key(KEY_OTHER);
}

static void ak_unrestricted(struct scenario *s)
{
	s->ak_attributes &= ~TPMA_RESTRICTED;
}

static void ak_exportable(struct scenario *s)
{
	s->ak_attributes &= ~(TPMA_FIXED_TPM | TPMA_FIXED_PARENT);
}

static void ak_reserved_bit(struct scenario *s)
{
	s->ak_attributes |= 1u << 31;
}

static void ak_locked_out(struct scenario *s)
{
	s->ak_attributes &= ~TPMA_NO_DA;
}

static void ak_for_nobody(struct scenario *s)
{
	s->ak_attributes &= ~TPMA_USER_WITH_AUTH;
}

static void ak_by_policy(struct scenario *s)
{
	s->ak_attributes |= TPMA_ADMIN_WITH_POLICY;
}

static void ak_decrypts(struct scenario *s)
{
	s->ak_attributes |= TPMA_DECRYPT;
}

static void ak_owner(struct scenario *s)
{
	s->hierarchy = TPM_RH_OWNER;
}

static void ak_null(struct scenario *s)
{
	s->hierarchy = TPM_RH_NULL;
}

static void ak_platform(struct scenario *s)
{
	s->hierarchy = TPM_RH_PLATFORM;
}

static void ak_under_a_key(struct scenario *s)
{
	s->hierarchy = 0x81010001; /* as if a persistent key were its parent */
}

static void ak_schnorr(struct scenario *s)
{
	s->ak_scheme = 0x001c; /* TPM_ALG_ECSCHNORR */
}

static void unpin(struct built *b)
{
	b->policy.ak_name_count = 0;
}

static void unpin_any(struct built *b)
{
	unpin(b);
	b->known.any_tpm = true;
}

static void enrolled(struct built *b)
{
	b->known.enrolled = true;
	b->known.ak_name = b->policy.ak_names[0];
	unpin(b);
}

static void enrolled_any(struct built *b)
{
	enrolled(b);
	b->known.any_tpm = true;
}

static void enrolled_other(struct built *b)
{
	b->known.enrolled = true;
	b->known.ak_name = b->policy.ak_names[0];
	pin_this(b);
}

static void unpin_changed(struct built *b)
{
	unpin(b);
	b->evidence.fresh.len = 0;
}

static void any_changed(struct built *b)
{
	unpin_any(b);
	b->evidence.fresh.len = 0;
}

static const struct lie LIES[] = {
	{"AK of another TPM", ak_other_tpm, NULL, NULL, {REFUSE_AK_NAME}, 12, NULL},
	{"AK not restricted", ak_unrestricted, NULL, pin_this, {REFUSE_AK_ATTRIBUTES}, 12, NULL},
	{"AK not fixed to its TPM", ak_exportable, NULL, pin_this, {REFUSE_AK_ATTRIBUTES}, 12, NULL},
	{"AK with a reserved attribute", ak_reserved_bit, NULL, pin_this, {REFUSE_AK_ATTRIBUTES}, 12, NULL},
	{"AK that power cuts lock out", ak_locked_out, NULL, pin_this, {REFUSE_AK_ATTRIBUTES}, 12, NULL},
	{"AK without userWithAuth", ak_for_nobody, NULL, pin_this, {REFUSE_AK_ATTRIBUTES}, 12, NULL},
	{"AK with adminWithPolicy", ak_by_policy, NULL, pin_this, {REFUSE_AK_ATTRIBUTES}, 12, NULL},
	{"AK that decrypts, too", ak_decrypts, NULL, pin_this, {REFUSE_AK_ATTRIBUTES}, 12, NULL},
	{"AK in the owner hierarchy", ak_owner, NULL, NULL, {REFUSE_AK_HIERARCHY}, 12, "owner hierarchy"},
	{"AK in the null hierarchy", ak_null, NULL, NULL, {REFUSE_AK_HIERARCHY}, 12, "null hierarchy"},
	{"AK in the platform hierarchy", ak_platform, NULL, NULL, {REFUSE_AK_HIERARCHY}, 12, "platform hierarchy"},
	{"AK under another key", ak_under_a_key, NULL, NULL, {REFUSE_AK_HIERARCHY}, 12, NULL},
	{"AK with another scheme", ak_schnorr, NULL, pin_this, {REFUSE_AK_SCHEME}, 12, NULL},
	{"AK enrolled", NULL, NULL, enrolled, {0}, 0, NULL},
	{"AK enrolled, another one pinned", ak_other_tpm, NULL, enrolled_other, {REFUSE_AK_ENROLLED}, 12, NULL},
	{"AK enrolled, of another TPM", ak_other_tpm, NULL, enrolled, {REFUSE_AK_ENROLLED}, 12, NULL},
	{"AK of another TPM, where any would do", ak_other_tpm, NULL, enrolled_any, {REFUSE_AK_ENROLLED}, 12, NULL},
	{"AK in the owner hierarchy, any TPM", ak_owner, NULL, unpin_any, {REFUSE_AK_HIERARCHY}, 12, NULL},
	{"AK in the owner hierarchy, unknown", ak_owner, NULL, unpin, {REFUSE_AK_HIERARCHY}, 12, NULL},
	{"nothing names the machine", NULL, NULL, unpin, {REFUSE_IDENTITY_UNKNOWN}, 23, NULL},
	{"nothing names the machine, and more",
	 NULL,
	 NULL,
	 unpin_changed,
	 {REFUSE_IDENTITY_UNKNOWN, REFUSE_FRESH_MISSING},
	 21,
	 NULL},
	{"any TPM will do", NULL, NULL, unpin_any, {0}, 3, NULL},
	{"any TPM will do, another refusal", NULL, NULL, any_changed, {REFUSE_FRESH_MISSING}, 21, NULL},
};

int main(void)
{
	return run_lies("policy: identity", LIES, sizeof(LIES) / sizeof(LIES[0]));
}
