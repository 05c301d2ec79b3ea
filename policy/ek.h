/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The endorsement key of a TPM, which its maker certified: what it is, whose certificates it has, and a credential that
 * only the TPM that has it opens. All inputs may be hostile.
 */
#ifndef POLICY_EK_H
#define POLICY_EK_H

#include <time.h>

#include "policy/tpm_parse.h"
#include "policy/verdict.h"

#define EK_CERTIFICATES_MAX      16u        /* in an answer: of the key and of authorities */
#define EK_CERTIFICATE_MAX_BYTES 4096u      /* of each */
#define EK_FILE_MAX_BYTES        (1u << 20) /* of a file of certificates or of revocations */
#define EK_CHAIN_MAX             8          /* authorities between key and root */

#define EK_MODULUS_BYTES 256u

/* TPMT_PUBLIC of template L-1 or L-2 of TCG's EK Credential Profile 2.5, annex B.3. */
struct ek_public {
	bool rsa;
	uint8_t modulus[EK_MODULUS_BYTES]; /* RSA 2048, exponent 65537 */
	struct p256_public point;          /* ECC P-256 */
	struct tpm_name name;
};

/** Reads an endorsement key's public area. False if it is malformed, or not exactly one of the two templates. */
bool ek_public_parse(struct bytes raw, struct ek_public *ek);

/* The contents of a TPM2B_ID_OBJECT and of a TPM2B_ENCRYPTED_SECRET (part 2, 12.4.3 and 11.4.33). */
struct ek_credential {
	uint8_t blob[2 + SHA256_BYTES + 2 + SHA256_BYTES];
	size_t blob_len;
	uint8_t secret[EK_MODULUS_BYTES];
	size_t secret_len;
};

/**
 * TPM2_MakeCredential in software (part 1, 24 and annexes B.10.4 and C.6.4): seals 32 bytes so that only a TPM gives
 * them back that has both the endorsement key and, loaded, the key that is named. False if the key is not one, or
 * without random bytes.
 */
bool ek_make_credential(const struct ek_public *ek, const struct tpm_name *name, const uint8_t credential[SHA256_BYTES],
			struct ek_credential *made);

/* Authorities that the tenant trusts or has heard of, and their revocations. */
struct ek_authorities;

enum ek_role {
	EK_ROOTS,        /* trusted, roots or not */
	EK_INTERMEDIATE, /* of no weight unless a root vouches for it */
	EK_REVOCATIONS,  /* CRLs, which then must be there for every authority */
};

enum ek_file {
	EK_FILE_TAKEN,
	EK_FILE_PRIVATE_KEY, /* has no place there */
	EK_FILE_UNKNOWN,     /* something else than certificates and CRLs, in PEM or DER */
	EK_FILE_NO_MEMORY,
};

/** NULL without memory. Free with ek_authorities_free. */
struct ek_authorities *ek_authorities_new(void);
void ek_authorities_free(struct ek_authorities *authorities);

/** Takes a file's certificates and CRLs. @count: how many there were, added to what is in it */
enum ek_file ek_authorities_add(struct ek_authorities *authorities, enum ek_role role, struct bytes file,
				size_t *count);

/* What makers have got wrong without harm to what a certificate says: tolerated, each by its name. */
#define EK_FAULTS(X)                                                                            \
	X(EK_FAULT_CRITICAL_ATTRIBUTES, "critical-directory-attributes",                        \
	  "subjectDirectoryAttributes, which describes the TPM, is critical")                   \
	X(EK_FAULT_CRITICAL_TCG, "critical-tcg-extension", "an extension of TCG's is critical") \
	X(EK_FAULT_NO_USAGE, "no-key-usage", "there is no keyUsage")                            \
	X(EK_FAULT_NO_EXTENDED_USAGE, "no-extended-key-usage", "there is no extendedKeyUsage")  \
	X(EK_FAULT_PADDING, "padded", "bytes 00 or FF are after the certificate")

#define EK_FAULT_ENUM(enumerator, name, text) enumerator,
enum ek_fault { EK_FAULTS(EK_FAULT_ENUM) EK_FAULT_COUNT };
#undef EK_FAULT_ENUM

const char *ek_fault_name(enum ek_fault fault);

/* What a certificate says, clean for people. */
struct ek_certificate {
	char subject[256]; /* or, where it is empty, the alternative name */
	char issuer[256];
	char root[256];           /* the trusted authority at which the chain ends */
	struct digest sha256;     /* of the certificate */
	struct digest key_sha256; /* of its SubjectPublicKeyInfo */
	uint32_t faults;          /* bits of enum ek_fault */
};

/**
 * Judges the certificates that a host sent with its endorsement key: one of them must be the key's, and lead to a root.
 * Every refusal is recorded in 'verdict', all in STEP_IDENTITY.
 * @now:  when they must be valid
 * @facts: set as far as a certificate could be read
 */
void ek_certificates_check(const struct ek_authorities *authorities, const struct bytes *certificates, size_t count,
			   const struct ek_public *ek, time_t now, struct verdict *verdict,
			   struct ek_certificate *facts);

#endif
