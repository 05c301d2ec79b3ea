/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The TPM's own structures, as parsed from bytes that are not authenticated yet (TPM 2.0 Library, part 2).
 * Every parser takes the whole structure: bytes that are missing or left over make it fail.
 */
#ifndef POLICY_TPM_PARSE_H
#define POLICY_TPM_PARSE_H

#include "policy/crypto.h"

/* Part 2, 6.2 and 6.3 */
#define TPM_GENERATED_VALUE 0xff544347u
#define TPM_ALG_RSA         0x0001u
#define TPM_ALG_SHA1        0x0004u
#define TPM_ALG_SHA256      0x000bu
#define TPM_ALG_SHA384      0x000cu
#define TPM_ALG_SHA512      0x000du
#define TPM_ALG_NULL        0x0010u
#define TPM_ALG_SM3_256     0x0012u
#define TPM_ALG_ECDSA       0x0018u
#define TPM_ALG_ECC         0x0023u
#define TPM_ALG_SHA3_256    0x0027u
#define TPM_ALG_SHA3_384    0x0028u
#define TPM_ALG_SHA3_512    0x0029u
#define TPM_ECC_NIST_P256   0x0003u
#define TPM_ST_ATTEST_QUOTE 0x8018u
#define TPM_RH_OWNER        0x40000001u
#define TPM_RH_NULL         0x40000007u
#define TPM_RH_ENDORSEMENT  0x4000000bu
#define TPM_RH_PLATFORM     0x4000000cu

/* Part 2, 8.3: TPMA_OBJECT */
#define TPMA_FIXED_TPM             (1u << 1)
#define TPMA_ST_CLEAR              (1u << 2)
#define TPMA_FIXED_PARENT          (1u << 4)
#define TPMA_SENSITIVE_DATA_ORIGIN (1u << 5)
#define TPMA_USER_WITH_AUTH        (1u << 6)
#define TPMA_ADMIN_WITH_POLICY     (1u << 7)
#define TPMA_NO_DA                 (1u << 10)
#define TPMA_ENCRYPTED_DUPLICATION (1u << 11)
#define TPMA_RESTRICTED            (1u << 16)
#define TPMA_DECRYPT               (1u << 17)
#define TPMA_SIGN_ENCRYPT          (1u << 18)

#define TPM_NAME_BYTES 34u /* nameAlg, SHA-256 */

struct tpm_name {
	uint8_t bytes[TPM_NAME_BYTES];
};

/* TPMS_ATTEST with a TPMS_QUOTE_INFO (10.12.12, 10.12.1). */
struct tpm_quote {
	uint32_t magic;
	uint16_t type;
	bool is_quote; /* magic and type are a quote's; nothing below is set otherwise */
	struct bytes qualified_signer;
	struct bytes extra_data;
	uint64_t clock; /* milliseconds, over all boots */
	uint32_t reset_count;
	uint32_t restart_count;
	bool safe; /* no clock value above this one was ever given out */
	uint64_t firmware_version;
	uint32_t selections; /* banks in the selection */
	uint16_t bank;       /* of the first selection */
	uint32_t pcr_mask;   /* bit n: PCR n, of the first selection */
	struct bytes pcr_digest;
};

/* TPMT_PUBLIC of an ECC key (12.2.4). */
struct tpm_public {
	uint16_t type;
	uint16_t name_alg;
	uint32_t attributes;
	uint16_t symmetric;
	uint16_t scheme;
	uint16_t scheme_hash;
	uint16_t curve;
	uint16_t kdf;
	struct p256_public point;
	struct tpm_name name;
};

/** The name of an object from SHA-256 of its public area (part 1, 16). */
struct tpm_name tpm_name_of(struct digest digest);

/** TPMS_ATTEST. False if malformed; see is_quote for a structure that is another attestation. */
bool tpm_quote_parse(struct bytes raw, struct tpm_quote *quote);

/** TPMT_SIGNATURE that is ECDSA with SHA-256. False if malformed or of another algorithm. */
bool tpm_signature_parse(struct bytes raw, struct p256_signature *signature);

/** TPMT_PUBLIC of an ECC P-256 key. False if malformed or of another type. Computes the name (part 1, 16). */
bool tpm_public_parse(struct bytes raw, struct tpm_public *public);

/** Qualified name of a primary key under 'hierarchy' (part 1, 26.5). */
struct tpm_name tpm_primary_qualified_name(uint32_t hierarchy, const struct tpm_name *name);

/** Size in bytes of a hash algorithm's digest, 0 if the algorithm is unknown. */
size_t tpm_digest_bytes(uint16_t algorithm);

#endif
