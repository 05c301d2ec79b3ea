/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an endorsement key's certificate may be used for, and what its makers got wrong (EK Credential Profile, 3). */
#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "policy/encoding.h"
#include "policy/ek_internal.h"

#define OID_EK_CERTIFICATE       "2.23.133.8.1" /* tcg-kp-EKCertificate */
#define OID_DIRECTORY_ATTRIBUTES "2.5.29.9"
#define OID_TCG                  "2.23.133."

/* tcg-at-tpmManufacturer, -tpmModel and -tpmVersion, by which a TPM is named (EK Credential Profile, 3.2.9). */
static const char *const TPM_ATTRIBUTES[] = {"2.23.133.2.1", "2.23.133.2.2", "2.23.133.2.3"};

#define FAULT_ROW(enumerator, name, text) [enumerator] = name,
static const char *const FAULT_NAMES[] = {EK_FAULTS(FAULT_ROW)};
#undef FAULT_ROW

const char *ek_fault_name(enum ek_fault fault)
{
	return FAULT_NAMES[fault];
}

static void note_fault(struct ek_certificate *facts, enum ek_fault fault)
{
	facts->faults |= 1u << fault;
}

/* As digits and dots. */
static void oid_text(const ASN1_OBJECT *oid, char *text, int size)
{
	if (OBJ_obj2txt(text, size, oid, 1) <= 0)
		text[0] = '\0';
}

/* The key of RSA deciphers a seed, that of ECC agrees on one. False if there is no keyUsage, or another one. */
static bool check_key_usage(X509 *leaf, bool rsa, struct verdict *verdict, struct ek_certificate *facts)
{
	const uint32_t usage = X509_get_key_usage(leaf);
	const uint32_t needed = rsa ? KU_KEY_ENCIPHERMENT : KU_KEY_AGREEMENT;
	char found[64];

	if (usage == UINT32_MAX) {
		note_fault(facts, EK_FAULT_NO_USAGE);
		return false;
	}
	if (usage & needed)
		return true;
	snprintf(found, sizeof(found), "keyUsage bits 0x%04x", usage);
	verdict_refuse(verdict, REFUSE_EK_USAGE, rsa ? "keyUsage keyEncipherment" : "keyUsage keyAgreement", found);
	return false;
}

static bool has_attribute(const X509_NAME *name, const char *attribute)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(attribute, 1);
	const bool has = oid && X509_NAME_get_index_by_OBJ(name, oid, -1) >= 0;

	ASN1_OBJECT_free(oid);
	return has;
}

static bool is_tpm(const GENERAL_NAME *name)
{
	if (name->type != GEN_DIRNAME)
		return false;
	for (size_t i = 0; i < sizeof(TPM_ATTRIBUTES) / sizeof(TPM_ATTRIBUTES[0]); i++)
		if (!has_attribute(name->d.directoryName, TPM_ATTRIBUTES[i]))
			return false;
	return true;
}

/* Is the alternative name a TPM's? */
static bool names_tpm(X509 *leaf)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		found = found || is_tpm(sk_GENERAL_NAME_value(names, i));
	GENERAL_NAMES_free(names);
	return found;
}

static bool names_ek(const EXTENDED_KEY_USAGE *usages)
{
	for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++) {
		char text[80];

		oid_text(sk_ASN1_OBJECT_value(usages, i), text, sizeof(text));
		if (strcmp(text, OID_EK_CERTIFICATE) == 0)
			return true;
	}
	return false;
}

/*
 * Something must say that it is an endorsement key. Without extendedKeyUsage that is a TPM's name, and a keyUsage that
 * is right: a root may have certified other things, too.
 */
static void check_extended_usage(X509 *leaf, bool usage_right, struct verdict *verdict, struct ek_certificate *facts)
{
	int critical = -1;
	EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(leaf, NID_ext_key_usage, &critical, NULL);

	if (critical == -1 && usage_right && names_tpm(leaf))
		note_fault(facts, EK_FAULT_NO_EXTENDED_USAGE);
	else if (critical == -1)
		verdict_refuse(verdict, REFUSE_EK_USAGE,
			       "extendedKeyUsage " OID_EK_CERTIFICATE ", or keyUsage and the name of a TPM",
			       "a certificate that does not say it is an endorsement key's");
	else if (!usages || !names_ek(usages))
		verdict_refuse(verdict, REFUSE_EK_USAGE,
			       "extendedKeyUsage " OID_EK_CERTIFICATE ", an endorsement key's",
			       "another extendedKeyUsage");
	EXTENDED_KEY_USAGE_free(usages);
}

void ek_usage_check(X509 *leaf, bool rsa, struct verdict *verdict, struct ek_certificate *facts)
{
	/* X509_check_ca() alone forgives basicConstraints where keyUsage does not let it sign. */
	if (X509_check_ca(leaf) != 0 || (X509_get_extension_flags(leaf) & EXFLAG_CA))
		verdict_refuse(verdict, REFUSE_EK_USAGE, "a certificate of a key", "one of an authority");
	const bool usage_right = check_key_usage(leaf, rsa, verdict, facts);
	check_extended_usage(leaf, usage_right, verdict, facts);
}

bool ek_critical_tolerated(X509 *certificate, struct ek_certificate *facts)
{
	for (int i = 0; i < X509_get_ext_count(certificate); i++) {
		X509_EXTENSION *extension = X509_get_ext(certificate, i);
		char text[80];

		if (!X509_EXTENSION_get_critical(extension) || X509_supported_extension(extension))
			continue;
		oid_text(X509_EXTENSION_get_object(extension), text, sizeof(text));
		if (strcmp(text, OID_DIRECTORY_ATTRIBUTES) == 0)
			note_fault(facts, EK_FAULT_CRITICAL_ATTRIBUTES);
		else if (strncmp(text, OID_TCG, sizeof(OID_TCG) - 1) == 0)
			note_fault(facts, EK_FAULT_CRITICAL_TCG);
		else
			return false;
	}
	return true;
}

void ek_name_text(const X509_NAME *name, char *text, size_t size)
{
	BIO *out = BIO_new(BIO_s_mem());
	char *data = NULL;
	long len = 0;

	text[0] = '\0';
	if (out && X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
		len = BIO_get_mem_data(out, &data);
	if (len > 0)
		text_clean((struct bytes){(const uint8_t *)data, (size_t)len}, text, size);
	BIO_free(out);
}
