/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shared by the files about the endorsement key. */
#ifndef POLICY_EK_INTERNAL_H
#define POLICY_EK_INTERNAL_H

#include <openssl/x509.h>

#include "policy/ek.h"

struct ek_authorities {
	X509_STORE *store;             /* trusted, and CRLs */
	STACK_OF(X509) * intermediate; /* heard of */
	size_t revocations;            /* CRLs taken */
	bool revocations_asked;        /* a file of CRLs was given */
};

/** The key in libcrypto's form; NULL if it is none: a point off the curve. The caller frees it. */
EVP_PKEY *ek_key(const struct ek_public *ek);

/** Reads one certificate with nothing but padding after it, which sets 'padded'. NULL if it is none. */
X509 *ek_certificate_read(struct bytes der, bool *padded);

/** A distinguished name on one line, cleaned. */
void ek_name_text(const X509_NAME *name, char *text, size_t size);

/** Is this what a certificate of an endorsement key may be used for? Records refusals and faults. */
void ek_usage_check(X509 *leaf, bool rsa, struct verdict *verdict, struct ek_certificate *facts);

/** Are all critical extensions of a certificate known, or faults that are tolerated? */
bool ek_critical_tolerated(X509 *certificate, struct ek_certificate *facts);

#endif
