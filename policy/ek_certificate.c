/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The certificates that a host sends with its endorsement key, and the chain to a root (RFC 5280, 6). */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "policy/encoding.h"
#include "policy/ek_internal.h"

#define SECURITY_LEVEL 2 /* 112 bits: no SHA-1, no RSA below 2048 (SSL_CTX_set_security_level(3)) */

/* One judgement, as the callback of the chain's verification needs it. */
struct check {
	const struct ek_authorities *authorities;
	struct verdict *verdict;
	struct ek_certificate *facts;
	size_t refused; /* by the callback */
};

X509 *ek_certificate_read(struct bytes der, bool *padded)
{
	const unsigned char *at = der.data, *const end = der.data + der.len;
	X509 *certificate =
		der.len > 0 && der.len <= EK_CERTIFICATE_MAX_BYTES ? d2i_X509(NULL, &at, (long)der.len) : NULL;

	if (!certificate)
		return NULL;
	*padded = at != end;
	for (const unsigned char fill = at != end ? *at : 0; at != end; at++) {
		if (*at != fill || (fill != 0x00 && fill != 0xff)) {
			X509_free(certificate);
			return NULL;
		}
	}
	return certificate;
}

/* Is it a certificate of this key? */
static bool is_of(X509 *certificate, EVP_PKEY *key)
{
	EVP_PKEY *own = X509_get0_pubkey(certificate);

	return own && EVP_PKEY_eq(own, key) == 1;
}

static struct digest der_digest(X509 *certificate)
{
	struct digest digest = digest_filled(0);
	unsigned int len = 0;

	X509_digest(certificate, EVP_sha256(), digest.bytes, &len);
	return digest;
}

static struct digest key_digest(X509 *certificate)
{
	struct digest digest = digest_filled(0);
	unsigned char *der = NULL;
	const int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);

	if (len > 0)
		digest = sha256((struct bytes){der, (size_t)len});
	OPENSSL_free(der);
	return digest;
}

/* The certificate's subject is empty by the profile: the TPM's model is in the alternative name. */
static void alternative_name(X509 *certificate, char *text, size_t size)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DIRNAME)
			ek_name_text(name->d.directoryName, text, size);
	}
	GENERAL_NAMES_free(names);
}

static void take_facts(X509 *leaf, bool padded, struct ek_certificate *facts)
{
	ek_name_text(X509_get_subject_name(leaf), facts->subject, sizeof(facts->subject));
	if (!facts->subject[0])
		alternative_name(leaf, facts->subject, sizeof(facts->subject));
	ek_name_text(X509_get_issuer_name(leaf), facts->issuer, sizeof(facts->issuer));
	facts->sha256 = der_digest(leaf);
	facts->key_sha256 = key_digest(leaf);
	facts->faults |= padded ? 1u << EK_FAULT_PADDING : 0;
}

static enum refusal_code refusal_of(int error)
{
	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return REFUSE_EK_EXPIRED;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return REFUSE_EK_NOT_YET;
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
	case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
	case X509_V_ERR_CA_MD_TOO_WEAK:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_EE_KEY_TOO_SMALL:
		return REFUSE_EK_SIGNATURE;
	case X509_V_ERR_CERT_REVOKED:
		return REFUSE_EK_REVOKED;
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
	case X509_V_ERR_DIFFERENT_CRL_SCOPE:
	case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
	case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
		return REFUSE_EK_CRL;
	case X509_V_ERR_INVALID_CA:
	case X509_V_ERR_INVALID_PURPOSE:
	case X509_V_ERR_KEYUSAGE_NO_CERTSIGN:
	case X509_V_ERR_PATH_LENGTH_EXCEEDED:
	case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
		return REFUSE_EK_USAGE;
	default:
		return REFUSE_EK_CHAIN;
	}
}

/* No authority above a trust anchor can revoke it: removing it from the folder does. */
static bool is_anchor(X509_STORE_CTX *context, int depth)
{
	return depth > 0 && depth == sk_X509_num(X509_STORE_CTX_get0_chain(context)) - 1;
}

static void record(struct check *c, X509_STORE_CTX *context, int error, int depth)
{
	X509 *certificate = X509_STORE_CTX_get_current_cert(context);
	char subject[256] = "", found[VERDICT_TEXT];

	if (depth == 0)
		snprintf(subject, sizeof(subject), "the key's certificate");
	else if (certificate)
		ek_name_text(X509_get_subject_name(certificate), subject, sizeof(subject));
	snprintf(found, sizeof(found), "%s: %s", subject, X509_verify_cert_error_string(error));
	verdict_refuse(c->verdict, refusal_of(error), "certificates that lead to one of the roots, each valid now",
		       found);
	c->refused++;
}

/* Goes on after a recorded refusal, to report what else is wrong: the verdict stays refused. */
static int on_verify(int ok, X509_STORE_CTX *context)
{
	struct check *c = X509_STORE_CTX_get_app_data(context);
	const int error = X509_STORE_CTX_get_error(context), depth = X509_STORE_CTX_get_error_depth(context);

	if (ok)
		return ok;
	if (error == X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION && depth == 0 &&
	    ek_critical_tolerated(X509_STORE_CTX_get_current_cert(context), c->facts))
		return 1;
	if (refusal_of(error) == REFUSE_EK_CRL && is_anchor(context, depth))
		return 1;
	record(c, context, error, depth);
	return error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID ||
	       error == X509_V_ERR_CERT_REVOKED || refusal_of(error) == REFUSE_EK_CRL;
}

static bool set_up(X509_STORE_CTX *context, struct check *c, X509 *leaf, STACK_OF(X509) * untrusted, time_t now)
{
	unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;

	if (c->authorities->revocations > 0 || c->authorities->revocations_asked)
		flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
	if (!context || X509_STORE_CTX_init(context, c->authorities->store, leaf, untrusted) != 1)
		return false;
	X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
	X509_VERIFY_PARAM_set_time(parameters, now);
	X509_VERIFY_PARAM_set_depth(parameters, EK_CHAIN_MAX);
	X509_VERIFY_PARAM_set_auth_level(parameters, SECURITY_LEVEL);
	X509_STORE_CTX_set_verify_cb(context, on_verify);
	return X509_VERIFY_PARAM_set_flags(parameters, flags) == 1 && X509_STORE_CTX_set_app_data(context, c) == 1;
}

static void verify_chain(struct check *c, X509 *leaf, STACK_OF(X509) * untrusted, time_t now)
{
	X509_STORE_CTX *context = X509_STORE_CTX_new();
	bool ok = set_up(context, c, leaf, untrusted, now) && X509_verify_cert(context) == 1;
	const STACK_OF(X509) *chain = ok ? X509_STORE_CTX_get0_chain(context) : NULL;

	if (sk_X509_num(chain) > 1)
		ek_name_text(X509_get_subject_name(sk_X509_value(chain, sk_X509_num(chain) - 1)), c->facts->root,
			     sizeof(c->facts->root));
	ok = ok && sk_X509_num(chain) > 1; /* a folder of roots vouches for no key by its own certificate */
	if (!ok && c->refused == 0)
		verdict_refuse(c->verdict, REFUSE_EK_CHAIN, "certificates that lead to one of the roots",
			       "certificates that do not");
	X509_STORE_CTX_free(context);
}

/* The certificates of an answer. */
struct sent {
	STACK_OF(X509) * all; /* and the intermediate ones that the tenant has; 'leaf' is one of them */
	X509 *leaf;
	size_t unreadable, readable;
};

static void read_sent(struct sent *sent, const struct bytes *certificates, size_t count, EVP_PKEY *key,
		      struct ek_certificate *facts)
{
	for (size_t i = 0; i < count && i < EK_CERTIFICATES_MAX; i++) {
		bool padded = false;
		X509 *certificate = ek_certificate_read(certificates[i], &padded);

		if (!certificate || sk_X509_push(sent->all, certificate) <= 0) {
			X509_free(certificate);
			sent->unreadable++;
			continue;
		}
		sent->readable++;
		if (sent->leaf || !is_of(certificate, key))
			continue;
		sent->leaf = certificate;
		take_facts(certificate, padded, facts);
	}
}

/* The tenant's own: authorities, and certificates that makers gave out. */
static void add_own(struct sent *sent, const struct ek_authorities *authorities, EVP_PKEY *key,
		    struct ek_certificate *facts)
{
	for (int i = 0; i < sk_X509_num(authorities->intermediate); i++) {
		X509 *certificate = sk_X509_value(authorities->intermediate, i);

		if (X509_up_ref(certificate) != 1)
			continue;
		if (sk_X509_push(sent->all, certificate) <= 0) {
			X509_free(certificate);
			continue;
		}
		if (sent->leaf || !is_of(certificate, key))
			continue;
		sent->leaf = certificate;
		take_facts(certificate, false, facts);
	}
}

/* None of the certificates is the key's: why? */
static void refuse_leaf(const struct sent *sent, struct verdict *verdict)
{
	static const char expected[] = "a certificate of the endorsement key, in DER, of at most 4096 bytes";
	char found[100];

	snprintf(found, sizeof(found), "%zu certificates of other keys, %zu that cannot be read", sent->readable,
		 sent->unreadable);
	if (sent->readable > 0)
		verdict_refuse(verdict, REFUSE_EK_KEY, expected, found);
	else if (sent->unreadable > 0)
		verdict_refuse(verdict, REFUSE_EK_CERTIFICATE, expected, found);
	else
		verdict_refuse(verdict, REFUSE_EK_NO_CERTIFICATE, expected, "none");
}

void ek_certificates_check(const struct ek_authorities *authorities, const struct bytes *certificates, size_t count,
			   const struct ek_public *ek, time_t now, struct verdict *verdict,
			   struct ek_certificate *facts)
{
	struct sent sent = {.all = sk_X509_new_null()};
	struct check c = {.authorities = authorities, .verdict = verdict, .facts = facts};
	EVP_PKEY *key = ek_key(ek);

	*facts = (struct ek_certificate){.faults = 0};
	if (key && sent.all) {
		read_sent(&sent, certificates, count, key, facts);
		add_own(&sent, authorities, key, facts);
	}
	if (!key)
		verdict_refuse(verdict, REFUSE_EK_FORM, "an endorsement key", "a point that is not of the curve");
	else if (!sent.leaf)
		refuse_leaf(&sent, verdict);
	else {
		ek_usage_check(sent.leaf, ek->rsa, verdict, facts);
		verify_chain(&c, sent.leaf, sent.all, now);
	}
	sk_X509_pop_free(sent.all, X509_free);
	EVP_PKEY_free(key);
}
