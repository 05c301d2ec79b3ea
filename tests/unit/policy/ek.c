/* SPDX-License-Identifier: GPL-2.0-or-later */
/* links: policy/crypto.c policy/ek_authorities.c policy/ek_certificate.c policy/ek_credential.c policy/ek_public.c policy/tpm_parse.c */
/*
 * Endorsement keys and their certificates, with the sanitisers: chains, revocations and credentials, made here by
 * OpenSSL. What a host can send of them through the whole tool is tests/system/test_enrol.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/x509v3.h>

#include "policy/ek.h"
#include "policy/ek_internal.h"

#define NOW        1780000000 /* 2026 */
#define DAY        86400
#define LEAF_USAGE "critical,keyAgreement"
#define CA_USAGE   "critical,keyCertSign,cRLSign"
#define EK_USAGE   "2.23.133.8.1"

/* Who certifies, and the key that is certified. */
enum party { ROOT, MIDDLE, LAST, STRANGER, EK, OTHER_EK, PARTIES, NOBODY = PARTIES };

static const char *const NAMES[PARTIES] = {"root", "middle", "last", "root", "", ""};

static EVP_PKEY *keys[PARTIES];
static struct ek_public ek;

/* A certificate that is to be made. */
struct plan {
	enum party subject, issuer;
	long from, to; /* seconds from NOW */
	const char *usage, *extended, *basic;
	size_t filling; /* bytes of an extension that says nothing */
	bool critical;  /* that extension is */
	int attributes; /* of a TPM, in the name of an endorsement key; 0: it has another name */
};

static const struct plan LEAF = {EK, ROOT, -DAY, DAY, LEAF_USAGE, EK_USAGE, "critical,CA:FALSE", 0, false, 0};
static const struct plan LEAF_OF_MIDDLE = {EK, MIDDLE, -DAY, DAY, LEAF_USAGE, EK_USAGE, "critical,CA:FALSE",
					   0,  false,  0};
static const struct plan LEAF_OF_LAST = {EK, LAST, -DAY, DAY, LEAF_USAGE, EK_USAGE, "critical,CA:FALSE", 0, false, 0};
static const struct plan OF_ROOT = {ROOT, ROOT, -DAY, DAY, CA_USAGE, NULL, "critical,CA:TRUE", 0, false, 0};
static const struct plan OF_MIDDLE = {MIDDLE, ROOT, -DAY, DAY, CA_USAGE, NULL, "critical,CA:TRUE", 0, false, 0};
static const struct plan OF_LAST = {LAST, MIDDLE, -DAY, DAY, CA_USAGE, NULL, "critical,CA:TRUE", 0, false, 0};
static const struct plan MIDDLE_OF_LAST = {MIDDLE, LAST, -DAY, DAY, CA_USAGE, NULL, "critical,CA:TRUE", 0, false, 0};

static X509_NAME *name_of(enum party party)
{
	X509_NAME *name = X509_NAME_new();

	if (NAMES[party][0])
		assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
							    (const unsigned char *)NAMES[party], -1, -1, 0),
				 1);
	return name;
}

static void extend(X509 *certificate, int nid, const char *value)
{
	if (!value)
		return;
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

/* A TPM's alternative name: maker, model, version (EK Credential Profile, 3.2.9), or the first of them. */
static void name_tpm(X509 *certificate, int attributes)
{
	static const char *const oids[] = {"2.23.133.2.1", "2.23.133.2.2", "2.23.133.2.3"};
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	X509_NAME *directory = X509_NAME_new();

	for (int i = 0; i < attributes; i++)
		assert_int_equal(X509_NAME_add_entry_by_txt(directory, oids[i], MBSTRING_ASC,
							    (const unsigned char *)"id:1", -1, -1, 0),
				 1);
	GENERAL_NAME_set0_value(name, GEN_DIRNAME, directory);
	sk_GENERAL_NAME_push(names, name);
	assert_int_equal(X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 1, X509V3_ADD_DEFAULT), 1);
	GENERAL_NAMES_free(names);
}

static void fill(X509 *certificate, size_t bytes, bool critical)
{
	ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
	ASN1_OBJECT *oid = OBJ_txt2obj("1.2.3.4", 1);
	uint8_t *zeros = calloc(1, bytes);

	ASN1_OCTET_STRING_set(data, zeros, (int)bytes);
	X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, oid, critical, data);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OCTET_STRING_free(data);
	ASN1_OBJECT_free(oid);
	free(zeros);
}

/* The caller frees it. */
static struct bytes make(const struct plan *plan)
{
	X509 *certificate = X509_new();
	X509_NAME *subject = name_of(plan->subject), *issuer = name_of(plan->issuer);
	unsigned char *der = NULL;

	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 100 + (long)plan->subject);
	X509_set_subject_name(certificate, subject);
	X509_set_issuer_name(certificate, issuer);
	ASN1_TIME_set(X509_getm_notBefore(certificate), NOW + plan->from);
	ASN1_TIME_set(X509_getm_notAfter(certificate), NOW + plan->to);
	X509_set_pubkey(certificate, keys[plan->subject]);
	extend(certificate, NID_basic_constraints, plan->basic);
	extend(certificate, NID_key_usage, plan->usage);
	extend(certificate, NID_ext_key_usage, plan->extended);
	if (plan->attributes)
		name_tpm(certificate, plan->attributes);
	else if (plan->subject >= EK) /* which has no other name */
		extend(certificate, NID_subject_alt_name, "critical,DNS:tpm");
	if (plan->filling)
		fill(certificate, plan->filling, plan->critical);
	assert_true(X509_sign(certificate, keys[plan->issuer], EVP_sha256()) > 0);
	const int len = i2d_X509(certificate, &der);
	assert_true(len > 0);
	X509_NAME_free(subject);
	X509_NAME_free(issuer);
	X509_free(certificate);
	return (struct bytes){der, (size_t)len};
}

static struct bytes make_crl(enum party issuer, enum party signer, long from, long to, enum party revoked_party)
{
	X509_CRL *crl = X509_CRL_new();
	X509_NAME *name = name_of(issuer);
	ASN1_TIME *time = ASN1_TIME_new();
	unsigned char *der = NULL;

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, name);
	X509_CRL_set1_lastUpdate(crl, ASN1_TIME_set(time, NOW + from));
	X509_CRL_set1_nextUpdate(crl, ASN1_TIME_set(time, NOW + to));
	if (revoked_party != NOBODY) {
		X509_REVOKED *revoked = X509_REVOKED_new();
		ASN1_INTEGER *serial = ASN1_INTEGER_new();

		ASN1_INTEGER_set(serial, 100 + (long)revoked_party);
		X509_REVOKED_set_serialNumber(revoked, serial);
		X509_REVOKED_set_revocationDate(revoked, ASN1_TIME_set(time, NOW - DAY));
		X509_CRL_add0_revoked(crl, revoked);
		ASN1_INTEGER_free(serial);
	}
	X509_CRL_sort(crl);
	assert_true(X509_CRL_sign(crl, keys[signer], EVP_sha256()) > 0);
	const int len = i2d_X509_CRL(crl, &der);
	ASN1_TIME_free(time);
	X509_NAME_free(name);
	X509_CRL_free(crl);
	return (struct bytes){der, (size_t)len};
}

static void drop(struct bytes der)
{
	OPENSSL_free((void *)der.data);
}

/* TPMT_PUBLIC of template L-2 (EK Credential Profile 2.5, B.3.4). */
static size_t ecc_public(EVP_PKEY *key, uint8_t raw[128])
{
	static const uint8_t head[] = {0x00, 0x23, 0x00, 0x0b, 0x00, 0x03, 0x00, 0xb2, 0x00, 0x20, 0x83, 0x71,
				       0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5,
				       0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1,
				       0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa, 0x00, 0x06, 0x00, 0x80, 0x00, 0x43,
				       0x00, 0x10, 0x00, 0x03, 0x00, 0x10, 0x00, 0x20};
	uint8_t point[65];
	size_t len;

	assert_int_equal(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len), 1);
	memcpy(raw, head, sizeof(head));
	memcpy(raw + sizeof(head), point + 1, 32);
	raw[sizeof(head) + 32] = 0;
	raw[sizeof(head) + 33] = 32;
	memcpy(raw + sizeof(head) + 34, point + 33, 32);
	return sizeof(head) + 66;
}

static int make_keys(void **state)
{
	uint8_t raw[128];

	(void)state;
	for (size_t i = 0; i < PARTIES; i++)
		keys[i] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
	const size_t len = ecc_public(keys[EK], raw);
	return ek_public_parse((struct bytes){raw, len}, &ek) ? 0 : -1;
}

static int free_keys(void **state)
{
	(void)state;
	for (size_t i = 0; i < PARTIES; i++)
		EVP_PKEY_free(keys[i]);
	return 0;
}

/* The refusals of what a host sends, with the root in the tenant's folder and the CRLs given. */
static void judge_sent(const struct bytes *sent, size_t count, const struct bytes *crls, size_t crl_count,
		       struct verdict *verdict, struct ek_certificate *facts)
{
	struct ek_authorities *authorities = ek_authorities_new();
	const struct bytes root = make(&OF_ROOT);
	size_t taken = 0;

	assert_int_equal(ek_authorities_add(authorities, EK_ROOTS, root, &taken), EK_FILE_TAKEN);
	for (size_t i = 0; i < crl_count; i++)
		assert_int_equal(ek_authorities_add(authorities, EK_REVOCATIONS, crls[i], &taken), EK_FILE_TAKEN);
	verdict_init(verdict);
	ek_certificates_check(authorities, sent, count, &ek, NOW, verdict, facts);
	ek_authorities_free(authorities);
	drop(root);
}

#define MAX_SENT 3

/* What is sent, and the first refusal; REFUSAL_COUNT: none. */
struct row {
	const char *name;
	struct plan sent[MAX_SENT]; /* up to one without usage */
	enum refusal_code code;
};

static void check_row(const struct row *row, const struct bytes *crls, size_t crl_count)
{
	struct bytes sent[MAX_SENT];
	struct ek_certificate facts;
	struct verdict verdict;
	size_t count = 0;

	while (count < MAX_SENT && row->sent[count].basic) {
		sent[count] = make(&row->sent[count]);
		count++;
	}
	judge_sent(sent, count, crls, crl_count, &verdict, &facts);
	if (row->code == REFUSAL_COUNT && verdict.refusal_count > 0)
		fail_msg("%s: %s, %s", row->name, refusal_name(verdict.refusals[0].code), verdict.refusals[0].found);
	if (row->code != REFUSAL_COUNT && (verdict.refusal_count == 0 || verdict.refusals[0].code != row->code))
		fail_msg("%s: %s, not %s", row->name,
			 verdict.refusal_count ? refusal_name(verdict.refusals[0].code) : "enrolled",
			 refusal_name(row->code));
	if (row->code == REFUSAL_COUNT)
		assert_string_equal(facts.root, "CN=root");
	for (size_t i = 0; i < count; i++)
		drop(sent[i]);
}

/* Plans with one thing changed. */
static struct plan dated(struct plan plan, long from, long to)
{
	plan.from = from;
	plan.to = to;
	return plan;
}
static struct plan used(struct plan plan, const char *usage, const char *extended)
{
	plan.usage = usage;
	plan.extended = extended;
	return plan;
}
static struct plan signed_by(struct plan plan, enum party issuer)
{
	plan.issuer = issuer;
	return plan;
}
static struct plan filled(struct plan plan, size_t bytes)
{
	plan.filling = bytes;
	return plan;
}
static struct plan unknown(struct plan plan)
{
	plan.filling = 1;
	plan.critical = true;
	return plan;
}
static struct plan of(struct plan plan, enum party subject)
{
	plan.subject = subject;
	return plan;
}
static struct plan of_tpm(struct plan plan, int attributes)
{
	plan.attributes = attributes;
	return plan;
}
static struct plan based(struct plan plan, const char *basic)
{
	plan.basic = basic;
	return plan;
}

static void chains_end_at_a_trusted_root(void **state)
{
	const struct row rows[] = {
		{"directly", {LEAF}, REFUSAL_COUNT},
		{"through two", {LEAF_OF_LAST, OF_MIDDLE, OF_LAST}, REFUSAL_COUNT},
		{"of another's key beside it", {of(LEAF, OTHER_EK), LEAF}, REFUSAL_COUNT},
		{"none", {{.basic = NULL}}, REFUSE_EK_NO_CERTIFICATE},
		{"of another key", {of(LEAF, OTHER_EK)}, REFUSE_EK_KEY},
		{"of absurd length", {filled(LEAF, 5000)}, REFUSE_EK_CERTIFICATE},
		{"with something critical that nobody knows", {unknown(LEAF)}, REFUSE_EK_USAGE},
		{"an authority with something critical", {LEAF_OF_MIDDLE, unknown(OF_MIDDLE)}, REFUSE_EK_USAGE},
		{"as long as may be", {filled(LEAF, 3000)}, REFUSAL_COUNT},
		{"an authority missing", {LEAF_OF_LAST, OF_MIDDLE}, REFUSE_EK_CHAIN},
		{"a loop", {LEAF_OF_LAST, OF_LAST, MIDDLE_OF_LAST}, REFUSE_EK_CHAIN},
		{"signed by a stranger of the root's name", {signed_by(LEAF, STRANGER)}, REFUSE_EK_SIGNATURE},
		{"expired", {dated(LEAF, -2 * DAY, -DAY)}, REFUSE_EK_EXPIRED},
		{"not yet valid", {dated(LEAF, DAY, 2 * DAY)}, REFUSE_EK_NOT_YET},
		{"an expired authority", {LEAF_OF_MIDDLE, dated(OF_MIDDLE, -2 * DAY, -DAY)}, REFUSE_EK_EXPIRED},
		{"an authority from the future", {LEAF_OF_MIDDLE, dated(OF_MIDDLE, DAY, 2 * DAY)}, REFUSE_EK_NOT_YET},
		{"usage of a signing key", {used(LEAF, "critical,digitalSignature", EK_USAGE)}, REFUSE_EK_USAGE},
		{"usage of an RSA key", {used(LEAF, "critical,keyEncipherment", EK_USAGE)}, REFUSE_EK_USAGE},
		{"for a web server", {used(LEAF, LEAF_USAGE, "serverAuth")}, REFUSE_EK_USAGE},
		{"for nothing", {used(LEAF, NULL, NULL)}, REFUSE_EK_USAGE},
		{"without extended usage, of no TPM by its name", {used(LEAF, LEAF_USAGE, NULL)}, REFUSE_EK_USAGE},
		{"without extended usage, of a TPM by its name",
		 {of_tpm(used(LEAF, LEAF_USAGE, NULL), 3)},
		 REFUSAL_COUNT},
		{"without extended usage, of a TPM without a version",
		 {of_tpm(used(LEAF, LEAF_USAGE, NULL), 2)},
		 REFUSE_EK_USAGE},
		{"of a TPM by its name, for nothing", {of_tpm(used(LEAF, NULL, NULL), 3)}, REFUSE_EK_USAGE},
		{"without usage", {used(LEAF, NULL, EK_USAGE)}, REFUSAL_COUNT},
		{"an authority's", {based(LEAF, "critical,CA:TRUE")}, REFUSE_EK_USAGE},
		{"signed by what is no authority",
		 {LEAF_OF_MIDDLE, based(OF_MIDDLE, "critical,CA:FALSE")},
		 REFUSE_EK_USAGE},
		{"signed by what may not sign certificates",
		 {LEAF_OF_MIDDLE, used(OF_MIDDLE, "critical,cRLSign", NULL)},
		 REFUSE_EK_USAGE},
		{"an authority that may have none below it",
		 {LEAF_OF_LAST, based(OF_MIDDLE, "critical,CA:TRUE,pathlen:0"), OF_LAST},
		 REFUSE_EK_USAGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		check_row(&rows[i], NULL, 0);
}

static void missing_extended_usage_is_told(void **state)
{
	const struct plan plan = of_tpm(used(LEAF, LEAF_USAGE, NULL), 3);
	const struct bytes sent = make(&plan);
	struct ek_certificate facts;
	struct verdict verdict;

	(void)state;
	judge_sent(&sent, 1, NULL, 0, &verdict, &facts);
	assert_int_equal(verdict.refusal_count, 0);
	assert_true((facts.faults & 1u << EK_FAULT_NO_EXTENDED_USAGE) != 0);
	drop(sent);
}

/* Whoever puts a key's own certificate into the folder of roots: a maker vouches for keys, not they themselves. */
static void no_key_vouches_for_itself(void **state)
{
	const struct plan own = {EK, EK, -DAY, DAY, LEAF_USAGE, EK_USAGE, "critical,CA:FALSE", 0, false, 0};
	struct ek_authorities *authorities = ek_authorities_new();
	const struct bytes leaf = make(&own);
	struct ek_certificate facts;
	struct verdict verdict;
	size_t taken = 0;

	(void)state;
	(void)ek_authorities_add(authorities, EK_ROOTS, leaf, &taken);
	verdict_init(&verdict);
	ek_certificates_check(authorities, &leaf, 1, &ek, NOW, &verdict, &facts);
	assert_int_equal(taken, 1);
	assert_int_equal(verdict.refusal_count, 1);
	assert_int_equal(verdict.refusals[0].code, REFUSE_EK_CHAIN);
	ek_authorities_free(authorities);
	drop(leaf);
}

static void revoked_certificates_are_refused(void **state)
{
	const struct row_of_crls {
		const char *name;
		struct {
			enum party issuer, signer;
			long from, to;
			enum party revokes;
		} crls[2];
		size_t count;
		enum refusal_code code;
	} rows[] = {
		{"none is revoked",
		 {{ROOT, ROOT, -DAY, DAY, NOBODY}, {MIDDLE, MIDDLE, -DAY, DAY, NOBODY}},
		 2,
		 REFUSAL_COUNT},
		{"the key is",
		 {{ROOT, ROOT, -DAY, DAY, NOBODY}, {MIDDLE, MIDDLE, -DAY, DAY, EK}},
		 2,
		 REFUSE_EK_REVOKED},
		{"the authority is",
		 {{ROOT, ROOT, -DAY, DAY, MIDDLE}, {MIDDLE, MIDDLE, -DAY, DAY, NOBODY}},
		 2,
		 REFUSE_EK_REVOKED},
		{"another with its number",
		 {{ROOT, ROOT, -DAY, DAY, EK}, {MIDDLE, MIDDLE, -DAY, DAY, NOBODY}},
		 2,
		 REFUSAL_COUNT},
		{"one is missing", {{ROOT, ROOT, -DAY, DAY, NOBODY}}, 1, REFUSE_EK_CRL},
		{"of another issuer",
		 {{ROOT, ROOT, -DAY, DAY, NOBODY}, {LAST, LAST, -DAY, DAY, NOBODY}},
		 2,
		 REFUSE_EK_CRL},
		{"signed by another",
		 {{ROOT, ROOT, -DAY, DAY, NOBODY}, {MIDDLE, LAST, -DAY, DAY, NOBODY}},
		 2,
		 REFUSE_EK_CRL},
		{"out of date",
		 {{ROOT, ROOT, -DAY, DAY, NOBODY}, {MIDDLE, MIDDLE, -2 * DAY, -DAY, NOBODY}},
		 2,
		 REFUSE_EK_CRL},
		{"from the future",
		 {{ROOT, ROOT, -DAY, DAY, NOBODY}, {MIDDLE, MIDDLE, DAY, 2 * DAY, NOBODY}},
		 2,
		 REFUSE_EK_CRL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row row = {rows[i].name, {LEAF_OF_MIDDLE, OF_MIDDLE}, rows[i].code};
		struct bytes crls[2];

		for (size_t k = 0; k < rows[i].count; k++)
			crls[k] = make_crl(rows[i].crls[k].issuer, rows[i].crls[k].signer, rows[i].crls[k].from,
					   rows[i].crls[k].to, rows[i].crls[k].revokes);
		check_row(&row, crls, rows[i].count);
		for (size_t k = 0; k < rows[i].count; k++)
			drop(crls[k]);
	}
}

/* In memory of its exact size, so a read past the end is seen. */
static bool is_enrolled(struct bytes der, size_t len)
{
	struct ek_certificate facts;
	struct verdict verdict;
	uint8_t *exact = malloc(len ? len : 1);
	const struct bytes sent = {exact, len};

	memcpy(exact, der.data, len);
	judge_sent(&sent, 1, NULL, 0, &verdict, &facts);
	free(exact);
	return verdict.refusal_count == 0;
}

static void changed_certificates_are_refused(void **state)
{
	const struct bytes leaf = make(&LEAF);
	uint8_t *bytes = (uint8_t *)leaf.data;

	(void)state;
	assert_true(is_enrolled(leaf, leaf.len));
	for (size_t len = 0; len < leaf.len; len++)
		assert_false(is_enrolled(leaf, len));
	for (size_t at = 0; at < leaf.len; at++) {
		const uint8_t bit = (uint8_t)(1u << at % 8);

		bytes[at] ^= bit;
		if (is_enrolled(leaf, leaf.len))
			fail_msg("byte %zu changed", at);
		bytes[at] ^= bit;
	}
	drop(leaf);
}

static void only_uniform_padding_is_taken_off(void **state)
{
	static const struct {
		uint8_t fill, last;
		bool good;
	} rows[] = {{0, 0, true}, {0xff, 0xff, true}, {0, 1, false}, {0xff, 0, false}, {1, 1, false}};
	const struct bytes leaf = make(&LEAF);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t *padded = malloc(leaf.len + 20);

		memcpy(padded, leaf.data, leaf.len);
		memset(padded + leaf.len, rows[i].fill, 20);
		padded[leaf.len + 19] = rows[i].last;
		assert_int_equal(is_enrolled((struct bytes){padded, leaf.len + 20}, leaf.len + 20), rows[i].good);
		free(padded);
	}
	drop(leaf);
}

/* Files of a folder. */
static void files_without_a_certificate_are_refused(void **state)
{
	static const char cut[] = "-----BEGIN CERTIFICATE-----\nAAAA\n";
	struct ek_authorities *authorities = ek_authorities_new();
	const struct bytes root = make(&OF_ROOT);
	unsigned char *der = NULL;
	size_t count = 0;

	(void)state;
	const int len = i2d_PrivateKey(keys[ROOT], &der);
	assert_int_equal(ek_authorities_add(authorities, EK_ROOTS, (struct bytes){der, (size_t)len}, &count),
			 EK_FILE_PRIVATE_KEY);
	assert_int_equal(ek_authorities_add(authorities, EK_ROOTS,
					    (struct bytes){(const uint8_t *)cut, sizeof(cut) - 1}, &count),
			 EK_FILE_UNKNOWN);
	assert_int_equal(ek_authorities_add(authorities, EK_ROOTS, (struct bytes){NULL, 0}, &count), EK_FILE_UNKNOWN);
	for (size_t short_len = 1; short_len < root.len; short_len += 7)
		assert_int_equal(
			ek_authorities_add(authorities, EK_ROOTS, (struct bytes){root.data, short_len}, &count),
			EK_FILE_UNKNOWN);
	assert_int_equal(count, 0);
	OPENSSL_free(der);
	drop(root);
	ek_authorities_free(authorities);
}

static void test_public_areas(void **state)
{
	struct ek_public parsed;
	uint8_t raw[128];
	const size_t len = ecc_public(keys[EK], raw);

	(void)state;
	for (size_t shorter = 0; shorter < len; shorter++)
		assert_false(ek_public_parse((struct bytes){raw, shorter}, &parsed));
	for (size_t at = 0; at < len; at++) {
		const bool in_point = (at >= 56 && at < 88) || at >= 90;

		raw[at] ^= 1;
		assert_int_equal(ek_public_parse((struct bytes){raw, len}, &parsed), in_point);
		raw[at] ^= 1;
	}
}

/* Or a point would have two areas, and the key two names. */
static void numbers_of_a_point_have_their_zeros(void **state)
{
	enum { X = 56, Y = X + 32 + 2 };
	static const size_t numbers[] = {X, Y};
	struct ek_public parsed;
	uint8_t raw[128];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const size_t at = numbers[i], len = ecc_public(keys[EK], raw);

		raw[at] = 0;
		assert_true(ek_public_parse((struct bytes){raw, len}, &parsed));
		raw[at - 1] = 31;
		memmove(raw + at, raw + at + 1, len - at - 1);
		assert_false(ek_public_parse((struct bytes){raw, len - 1}, &parsed));
	}
}

/* TPMT_PUBLIC of template L-1: the modulus has its 2048 bits, and is odd. */
static void rsa_moduli_are_odd_and_long(void **state)
{
	uint8_t raw[2 + 48 + 8 + 256] = {0x00, 0x01}, template[128];
	uint8_t *const rest = raw + 2 + 48, *const modulus = rest + 8;
	const struct bytes area = {raw, sizeof(raw)};
	struct ek_public parsed;

	(void)state;
	ecc_public(keys[EK], template);
	memcpy(raw + 2, template + 2, 48);
	memcpy(rest, (const uint8_t[]){0x08, 0x00, 0, 0, 0, 0, 0x01, 0x00}, 8);
	memset(modulus, 0x5a, 256);
	modulus[0] = 0x80;
	modulus[255] = 1;
	assert_true(ek_public_parse(area, &parsed));
	assert_true(parsed.rsa);
	modulus[0] = 0x7f;
	assert_false(ek_public_parse(area, &parsed));
	modulus[0] = 0x80;
	modulus[255] = 2;
	assert_false(ek_public_parse(area, &parsed));
	modulus[255] = 1;
	for (size_t at = 0; at < 2 + 48 + 8; at++) {
		raw[at] ^= 1;
		assert_false(ek_public_parse(area, &parsed));
		raw[at] ^= 1;
	}
	assert_false(ek_public_parse((struct bytes){raw, sizeof(raw) - 1}, &parsed));
}

/* What a TPM does with a credential (part 1, 24.5), for the key that it has loaded. */
static bool activate(const struct ek_credential *made, const struct tpm_name *loaded, uint8_t secret[32])
{
	/* Of an ECC key: z is the agreed point, the seed KDFe of it. */
	uint8_t point[65] = {4}, z[32], seed[32], own[65], mac[32], hmac_key[32], key[32], plain[34];
	uint8_t kdfe[4 + 32 + 9 + 64] = {0, 0, 0, 1}, kdfa[4 + 8 + 34 + 4] = {0, 0, 0, 1}, outer[34 + 34];
	static const uint8_t iv[16];
	size_t len = 32, own_len;
	unsigned int mac_len;
	int written;

	memcpy(point + 1, made->secret + 2, 32);
	memcpy(point + 33, made->secret + 36, 32);
	EVP_PKEY *peer = EVP_PKEY_new();
	assert_int_equal(EVP_PKEY_copy_parameters(peer, keys[EK]), 1);
	assert_int_equal(EVP_PKEY_set1_encoded_public_key(peer, point, sizeof(point)), 1);
	EVP_PKEY_CTX *agree = EVP_PKEY_CTX_new(keys[EK], NULL);
	assert_true(EVP_PKEY_derive_init(agree) == 1 && EVP_PKEY_derive_set_peer(agree, peer) == 1 &&
		    EVP_PKEY_derive(agree, z, &len) == 1);
	EVP_PKEY_CTX_free(agree);
	EVP_PKEY_free(peer);
	assert_int_equal(EVP_PKEY_get_octet_string_param(keys[EK], OSSL_PKEY_PARAM_PUB_KEY, own, sizeof(own), &own_len),
			 1);
	memcpy(kdfe + 4, z, 32);
	memcpy(kdfe + 36, "IDENTITY", 9);
	memcpy(kdfe + 45, point + 1, 32);
	memcpy(kdfe + 77, own + 1, 32);
	EVP_Digest(kdfe, sizeof(kdfe), seed, NULL, EVP_sha256(), NULL);
	/* KDFa: counter, label with its NUL, context, bits */
	uint8_t integrity[4 + 10 + 4] = {0, 0, 0, 1, 'I', 'N', 'T', 'E', 'G', 'R', 'I', 'T', 'Y', 0, 0, 0, 1, 0};
	HMAC(EVP_sha256(), seed, 32, integrity, sizeof(integrity), hmac_key, &mac_len);
	memcpy(outer, made->blob + 34, 34);
	memcpy(outer + 34, loaded->bytes, 34);
	HMAC(EVP_sha256(), hmac_key, 32, outer, sizeof(outer), mac, &mac_len);
	if (memcmp(mac, made->blob + 2, 32) != 0)
		return false;
	memcpy(kdfa + 4, "STORAGE", 8);
	memcpy(kdfa + 12, loaded->bytes, 34);
	kdfa[49] = 128;
	HMAC(EVP_sha256(), seed, 32, kdfa, sizeof(kdfa), key, &mac_len);
	EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
	assert_true(EVP_DecryptInit_ex2(cipher, EVP_aes_128_cfb128(), key, iv, NULL) == 1 &&
		    EVP_DecryptUpdate(cipher, plain, &written, made->blob + 34, 34) == 1 && written == 34);
	EVP_CIPHER_CTX_free(cipher);
	memcpy(secret, plain + 2, 32);
	return plain[0] == 0 && plain[1] == 32;
}

static void only_the_right_key_opens_a_credential(void **state)
{
	static const uint8_t secret[32] = "32 bytes that only that key gets";
	const struct tpm_name ak = tpm_name_of(digest_filled(1)), other = tpm_name_of(digest_filled(2));
	struct ek_credential made;
	struct ek_public off_the_curve = ek;
	uint8_t got[32];

	(void)state;
	assert_true(ek_make_credential(&ek, &ak, secret, &made));
	assert_true(activate(&made, &ak, got));
	assert_memory_equal(got, secret, sizeof(secret));
	assert_false(activate(&made, &other, got));
	made.blob[40] ^= 1;
	assert_false(activate(&made, &ak, got));
	off_the_curve.point.y[31] ^= 1;
	assert_false(ek_make_credential(&off_the_curve, &ak, secret, &made));
	memset(&off_the_curve.point, 0, sizeof(off_the_curve.point));
	assert_false(ek_make_credential(&off_the_curve, &ak, secret, &made));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_end_at_a_trusted_root),
		cmocka_unit_test(revoked_certificates_are_refused),
		cmocka_unit_test(changed_certificates_are_refused),
		cmocka_unit_test(only_uniform_padding_is_taken_off),
		cmocka_unit_test(files_without_a_certificate_are_refused),
		cmocka_unit_test(missing_extended_usage_is_told),
		cmocka_unit_test(no_key_vouches_for_itself),
		cmocka_unit_test(test_public_areas),
		cmocka_unit_test(numbers_of_a_point_have_their_zeros),
		cmocka_unit_test(rsa_moduli_are_odd_and_long),
		cmocka_unit_test(only_the_right_key_opens_a_credential),
	};

	return cmocka_run_group_tests_name("policy_ek", tests, make_keys, free_keys);
}
