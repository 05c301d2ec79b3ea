/* SPDX-License-Identifier: GPL-2.0-or-later */
/* HK: creation, signatures, wiping. See hk.h. */
#include "hk.h"

#include <mbedtls/sha256.h>
#include <p256-m.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "drbg.h"
#include "entropy.h"
#include "lib/wipe.h"
#include "x86/instructions.h"

/*
 * What the generator is instantiated with (SP 800-90A, 8.6.7, 8.7.1): 512 bits from the CPU are entropy input and nonce
 * with a margin of a quarter; the TPM's bytes and the label are the personalisation string.
 */
#define SEED_WORDS 8u

struct seed {
	uint64_t cpu[SEED_WORDS];
	uint8_t tpm[32];
	char label[16];
};

/*
 * Repetition count test (SP 800-90B, 4.4.1), over all pairs: a generator that is stuck, or alternates, repeats itself;
 * a working one does so once in 2^59 boots. RDRAND that returns all ones for ever has been shipped.
 */
static bool healthy(const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < i; j++)
			if (words[i] == words[j])
				return false;
	return true;
}

static enum hv_error seed_gather(struct seed *seed, const uint8_t tpm_random[32])
{
	const enum hv_error error = entropy_fill(seed->cpu, SEED_WORDS);

	if (error != HV_OK)
		return error;
	if (!healthy(seed->cpu, SEED_WORDS))
		return HV_E_ENTROPY_FAILED;
	memcpy(seed->tpm, tpm_random, sizeof(seed->tpm));
	return HV_OK;
}

static enum hv_error key_make(struct hk *hk, const struct seed *seed)
{
	if (drbg_seed(seed, sizeof(*seed)) && drbg_fill(hk->boot_id, sizeof(hk->boot_id)) &&
	    p256_gen_keypair(hk->private, hk->public) == P256_SUCCESS)
		return HV_OK;
	return HV_E_ENTROPY_FAILED;
}

enum hv_error hk_create(struct hk *hk, const uint8_t tpm_random[32])
{
	struct seed seed = {.label = "cloister-hk-1"};
	enum hv_error error = seed_gather(&seed, tpm_random);

	if (error == HV_OK)
		error = key_make(hk, &seed);
	secure_wipe(&seed, sizeof(seed));
	if (error != HV_OK)
		hk_wipe(hk);
	return error;
}

/*
 * A wiped key is zero, which p256-m refuses. The message goes into the nonce, so that a generator that were ever in the
 * same state twice would not sign two messages with one nonce; and no signature leaves unverified: one computed with a
 * fault gives the key away. The calls are deeper than the CPU's return stack, and would leave the callers' returns to
 * be predicted as a guest has trained them.
 */
bool hk_sign(struct hk *hk, const void *message, size_t bytes, uint8_t signature[64])
{
	uint8_t digest[32];

	const bool made = mbedtls_sha256(message, bytes, digest, 0) == 0 && drbg_stir(digest, sizeof(digest)) &&
			  p256_ecdsa_sign(signature, hk->private, digest, sizeof(digest)) == P256_SUCCESS &&
			  p256_ecdsa_verify(signature, hk->public, digest, sizeof(digest)) == P256_SUCCESS;

	if (!made)
		hk_wipe(hk);
	fill_return_stack();
	return made;
}

enum hv_error hk_sign_statement(struct hk *hk, struct hk_statement *statement)
{
	memcpy(statement->magic, HK_STATEMENT_MAGIC, sizeof(statement->magic));
	statement->version = HK_STATEMENT_VERSION;
	statement->bytes = sizeof(*statement);
	memcpy(statement->hk_public, hk->public, sizeof(statement->hk_public));
	memcpy(statement->boot_id, hk->boot_id, sizeof(statement->boot_id));
	if (hk_sign(hk, statement, offsetof(struct hk_statement, signature), statement->signature))
		return HV_OK;
	secure_wipe(statement, sizeof(*statement));
	return HV_E_ENTROPY_FAILED;
}

int hk_sign_fresh(struct hk *hk, struct hk_fresh *fresh)
{
	memcpy(fresh->magic, HK_FRESH_MAGIC, sizeof(fresh->magic));
	fresh->version = HK_FRESH_VERSION;
	fresh->bytes = sizeof(*fresh);
	memcpy(fresh->boot_id, hk->boot_id, sizeof(fresh->boot_id));
	if (hk_sign(hk, fresh, offsetof(struct hk_fresh, signature), fresh->signature))
		return 0;
	secure_wipe(fresh, sizeof(*fresh));
	return HC_E_WIPED;
}

void hk_wipe(struct hk *hk)
{
	secure_wipe_through(hk, sizeof(*hk));
	drbg_wipe();
}
