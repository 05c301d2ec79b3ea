/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * HK, the hypervisor's key: made at every boot, in RAM only, signs the statement and the fresh answers
 * (include/cloister/statement.h).
 *
 * Locking is the caller's: one lock around every function here, its generator (drbg.h) included. hk_wipe
 * alone may be called without it, when the machine crashes: a signature that is being made on another CPU is then
 * complete already, or does not verify and is never given out; that CPU clears its own temporaries.
 */
#ifndef CLOISTER_ATTEST_HK_H
#define CLOISTER_ATTEST_HK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloister/errors.h"
#include "cloister/hypercall.h"
#include "cloister/statement.h"

/* All zero when there is no key: before hk_create, and after hk_wipe. */
struct hk {
	uint8_t private[32];
	uint8_t public[64];
	uint8_t boot_id[32];
};

/**
 * Makes the key pair and the boot id from the CPU's generator and the TPM's, either of which may be worthless.
 * @tpm_random: TPM2_GetRandom; all zero without a TPM
 * Errors: HV_E_NO_ENTROPY, HV_E_ENTROPY_FAILED; there is no key then.
 */
enum hv_error hk_create(struct hk *hk, const uint8_t tpm_random[32]);

/**
 * Completes and signs the statement. The caller has filled in hv_version, svn, image_sha256, config_sha256, flags,
 * cpu_count and the TPM's counters; everything else is set here.
 * Errors: HV_E_ENTROPY_FAILED if there is no key or the signature did not verify; the key is wiped then.
 */
enum hv_error hk_sign_statement(struct hk *hk, struct hk_statement *statement);

/**
 * Completes and signs a fresh answer. The caller has filled in qualifying_data, flags and all counts; the structure is
 * the hypervisor's own memory, never the guest's.
 * Result: 0, or HC_E_WIPED if there is no key (any more); the answer is then wiped as well.
 */
int hk_sign_fresh(struct hk *hk, struct hk_fresh *fresh);

/* ECDSA over a message. False, and the key is wiped, if there is none or the signature did not verify. */
bool hk_sign(struct hk *hk, const void *message, size_t bytes, uint8_t signature[64]);

/* Clears key and generator, in DRAM too. Cannot fail. */
void hk_wipe(struct hk *hk);

#endif
